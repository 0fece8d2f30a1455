#include <caf/deserializer.hpp>
#include <caf/detail/stringification_inspector.hpp>
#include <caf/serializer.hpp>

#define IGL_COMPILES_INSPECTIONS
#include "messages/jobs_in_motion.hpp"
