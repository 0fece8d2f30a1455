#pragma once

#include "actors/commands/demo_stage.hpp"

namespace igl {

/// What a demo tells, and what to try afterwards: arguments of igl, as one would type them.
struct demo_story {
  std::vector<scene> scenes;
  std::function<std::vector<std::string>()> to_try;
};

/// AU and SG exchange a certificate of origin.
demo_story certificate_story(demo_stage& stage);

/// Messages in all directions over both channels of `three_nations()`; channel A is cut, and a fork
/// takes back what it had confirmed.
demo_story three_nations_story(demo_stage& stage);

} // namespace igl
