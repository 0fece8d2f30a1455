#pragma once

#include <string>

namespace igl {

/// A certificate of origin as a one-page PDF.
std::string certificate_pdf();
/// The certificate's data as JSON, which links to the PDF by its multihash.
std::string certificate_json(const std::string& pdf_multihash);

} // namespace igl
