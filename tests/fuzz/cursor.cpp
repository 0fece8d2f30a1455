#include "channels/numbered_log.hpp"
#include "channels/update_cursor.hpp"
#include "tests/fuzz/fuzz.hpp"

// Where somebody says that they have read up to.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto text = fuzz::text_of(data, size);
  find_channel_updates asked;
  asked.cursor = text;
  auto place = update_cursor::place_of(asked);
  if (!place) {
    fuzz::must_speak(place.error());
  } else {
    if (auto why = update_cursor::check(*place, {}))
      fuzz::must_speak(why);
    asked.cursor = update_cursor::page_of(*place, {}, {}).cursor;
    auto again = update_cursor::place_of(asked);
    fuzz::must(again && again->version == place->version && again->mark == place->mark &&
                   (place->version > 0 || again->since == place->since),
               "a cursor that is given out is taken back");
  }
  auto start = numbered_log::start_of(text, "log", 1000, "the log");
  if (!start)
    fuzz::must_speak(start.error());
  else
    fuzz::must(start->after <= 1000, "nobody reads on behind the end");
  return 0;
}
