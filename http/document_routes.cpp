#include "http/detail/routes.hpp"
#include "http/detail/upload.hpp"
#include "http/range.hpp"

#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/text.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

constexpr auto document_type = "binary/octet-stream";

caf::error bad_jurisdiction(const std::string& given) {
  return make_problem(errc::bad_jurisdiction_name,
                      std::string(entry_of(errc::bad_jurisdiction_name).sentence),
                      nlohmann::json::array({given}).dump());
}

void store(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  upload_limits limits{with->how.spool_dir, with->how.document_bytes, with->upload_memory};
  auto boundary = demand_upload(x, limits);
  if (!boundary)
    return;
  auto jurisdiction = x->captured[0];
  if (!with->how.known.contains(jurisdiction))
    return x->fail(bad_jurisdiction(jurisdiction));
  receive_upload(x, limits, *boundary, [=](const std::shared_ptr<spool_file>& file) {
    x->expect_long_wait();
    // The answer holds the file: it goes when there is one, whatever it is.
    with->through.ask(
        x, with->who.documents, store_document{file->path(), jurisdiction},
        [x, file](const document_stored& y) {
          x->reply({200, nlohmann::json{{"multihash", y.multihash}}.dump()});
        },
        timeouts::work);
  });
}

/// Who is asking: the JWTBODY header or, without one, the query. Fails with unauthorized.
caf::expected<std::string> asking_jurisdiction(const exchange& x) {
  constexpr std::string_view scheme = "JWTBODY";
  auto header = x.header("Authorization");
  auto given = trimmed(header);
  if (equal_ignoring_case(given.substr(0, scheme.size()), scheme)) {
    auto claims = parse_json(trimmed(given.substr(scheme.size())));
    if (claims && claims->is_object())
      if (auto found = claims->find("jurisdiction"); found != claims->end() && found->is_string())
        return found->get<std::string>();
    return make_problem(errc::unauthorized, "JWTBODY must be followed by a JSON object",
                        R"(["jurisdiction"])");
  }
  return x.asked.value("as_jurisdiction");
}

/// Where the stream gets its pieces from.
piece_source pieces_of(const services_ptr& with, uint64_t document) {
  return [=](uint32_t piece, const piece_fetched& done) {
    with->through.request(
        with->who.documents, timeouts::api, read_piece{document, piece},
        [=](document_piece& y) { done(std::move(y.bytes)); },
        [=](const caf::error& why) { done(why); });
  };
}

void send(const std::shared_ptr<exchange>& x, const services_ptr& with, const object_info& found) {
  auto wanted = range_of(x->header("Range"), found.size);
  auto tag = '"' + found.multihash + '"';
  if (auto same = x->header("If-Range"); !same.empty() && same != tag)
    wanted = {byte_range::meaning::whole, 0, found.size};
  auto size = std::to_string(found.size);
  if (wanted.what == byte_range::meaning::unsatisfiable)
    return x->reply({416, {}, {}, {{"Content-Range", "bytes */" + size}}});
  streamed_answer y{200,
                    document_type,
                    {wanted.first, wanted.length, document_piece_size},
                    {},
                    {{"Accept-Ranges", "bytes"}, {"ETag", tag}}};
  if (wanted.what == byte_range::meaning::part) {
    y.status = 206;
    auto last = std::to_string(wanted.first + wanted.length - 1);
    y.headers.push_back(
        {"Content-Range", "bytes " + std::to_string(wanted.first) + "-" + last + "/" + size});
  }
  if (x->method() != "HEAD" && wanted.length > 0)
    y.pieces = pieces_of(with, found.upload);
  x->stream(std::move(y));
}

void fetch(const std::shared_ptr<exchange>& x, const services_ptr& with) {
  auto multihash = x->captured[0];
  if (!is_multihash(multihash))
    return x->fail(make_problem(errc::invalid_uri,
                                std::string(entry_of(errc::invalid_uri).sentence),
                                nlohmann::json::array({multihash}).dump()));
  auto jurisdiction = asking_jurisdiction(*x);
  if (!jurisdiction)
    return x->fail(jurisdiction.error());
  if (!with->how.known.contains(*jurisdiction))
    return x->fail(bad_jurisdiction(*jurisdiction));
  with->through.ask(x, with->who.documents, open_document{multihash, *jurisdiction},
                    [=](const object_info& found) { send(x, with, found); });
}

/// A path of one segment is a document's, if it looks like one.
void refuse(const std::shared_ptr<exchange>& x) {
  if (is_multihash(x->captured[0]))
    x->refuse_method("GET, HEAD");
  else
    x->fail(make_problem(errc::not_found));
}

} // namespace

void add_document_routes(router& to, const services_ptr& with) {
  for (auto path : {"/jurisdictions/{}", "/countries/{}"})
    to.add("POST", path, [=](auto& x) { store(x, with); });
  for (auto path : {"/{}", "/documents/{}"})
    for (auto method : {"GET", "HEAD"})
      to.add(method, path, [=](auto& x) { fetch(x, with); });
  for (auto method : {"POST", "PUT", "PATCH", "DELETE"})
    to.add(method, "/{}", [](auto& x) { refuse(x); });
}

} // namespace igl
