#include "actors/commands/demo_documents.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <vector>

namespace igl {

std::string certificate_pdf() {
  const std::string page =
      "BT /F1 20 Tf 72 740 Td (Certificate of Origin) Tj 0 -36 Td /F1 12 Tf "
      "(Exporter: Barossa Valley Wines, AU) Tj 0 -18 Td (Importer: Orchard Road Imports, SG) Tj "
      "0 -18 Td (Goods: 1,200 bottles of red wine, HS 2204.21) Tj "
      "0 -18 Td (Country of origin: Australia) Tj ET";
  const std::vector<std::string> objects{
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << "
      "/F1 5 0 R >> >> >>",
      "<< /Length " + std::to_string(page.size()) + " >>\nstream\n" + page + "\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
  std::string pdf = "%PDF-1.4\n";
  std::string places;
  for (size_t i = 0; i < objects.size(); ++i) {
    char line[21];
    std::snprintf(line, sizeof line, "%010zu 00000 n \n", pdf.size());
    places += line;
    pdf += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  auto start = pdf.size();
  auto count = std::to_string(objects.size() + 1);
  return pdf + "xref\n0 " + count + "\n0000000000 65535 f \n" + places + "trailer\n<< /Size " +
         count + " /Root 1 0 R >>\nstartxref\n" + std::to_string(start) + "\n%%EOF\n";
}

std::string certificate_json(const std::string& pdf_multihash) {
  nlohmann::json certificate{
      {"type", "CertificateOfOrigin"},
      {"iD", "COO-2020-0017"},
      {"exporter", {{"name", "Barossa Valley Wines"}, {"country", "AU"}}},
      {"importer", {{"name", "Orchard Road Imports"}, {"country", "SG"}}},
      {"goods",
       {{{"description", "red wine"}, {"hsCode", "2204.21"}, {"bottles", 1200}, {"origin", "AU"}}}},
      {"links", {{{"rel", "signed-copy"}, {"type", "application/pdf"}, {"link", pdf_multihash}}}}};
  return certificate.dump(2) + "\n";
}

} // namespace igl
