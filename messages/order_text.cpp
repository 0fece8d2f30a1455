#include "messages/order_text.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/json_read.hpp"
#include "messages/json_text.hpp"
#include "messages/order_fields.hpp"
#include "messages/quick_json.hpp"

namespace igl {

namespace {

using order_fields::visit;

caf::optional<message_status> parse_name(message_status, std::string_view text) {
  return parse_message_status(text);
}
caf::optional<channel_status> parse_name(channel_status, std::string_view text) {
  return parse_channel_status(text);
}
caf::optional<channel_half> parse_name(channel_half, std::string_view text) {
  return parse_channel_half(text);
}

/// Writes an order.
struct writer {
  json_text::object out{512};

  void operator()(const char* name, const std::string& x) { out.text(name, x); }
  void operator()(const char* name, uint32_t x) { out.number(name, x); }
  void operator()(const char* name, uint64_t x) { out.number(name, x); }
  void operator()(const char* name, std::chrono::seconds x) {
    out.number(name, static_cast<uint64_t>(x.count()));
  }
  void operator()(const char* name, caf::timestamp x) { out.text(name, json_text::exact_time(x)); }
  void operator()(const char* name, const std::vector<std::string>& x) { out.texts(name, x); }
  void operator()(const char* name, const std::vector<notice>& list) {
    std::string text{"["};
    for (auto& x : list) {
      if (text.size() > 1)
        text += ',';
      writer one;
      visit(one, x);
      text += one.out.take();
    }
    out.raw(name, text += ']');
  }
  template <class T>
  void operator()(const char* name, const caf::optional<T>& x) {
    if (x)
      (*this)(name, *x);
  }
  template <class T>
  void operator()(const char* name, const T& x) {
    if constexpr (std::is_enum_v<T>) {
      out.text(name, to_string(x));
    } else {
      out.open(name);
      visit(*this, x);
      out.close();
    }
  }
};

/// Reads an order as `writer` writes it; `good` is false if it was written in another way.
struct quick_visitor {
  quick_json::reader in;
  bool good = true;
  char before = '{'; ///< what stands before the next name

  /// The next name, if it is this one.
  bool is_next(const char* name) {
    if (!in.name(before, name))
      return false;
    before = ',';
    return true;
  }
  void operator()(const char* name, std::string& x) { good = good && is_next(name) && in.text(x); }
  void operator()(const char* name, uint32_t& x) {
    good = good && is_next(name);
    if (good)
      element(x);
  }
  void operator()(const char* name, uint64_t& x) { good = good && is_next(name) && in.number(x); }
  void operator()(const char* name, std::chrono::seconds& x) {
    uint32_t value = 0;
    (*this)(name, value);
    x = std::chrono::seconds{value};
  }
  template <class T>
  void operator()(const char* name, std::vector<T>& list) {
    good = good && is_next(name);
    if (good)
      element(list);
  }
  template <class T>
  void element(std::vector<T>& list) {
    good = in.literal("[");
    if (!good || in.literal("]"))
      return;
    do
      element(list.emplace_back());
    while (good && in.literal(","));
    good = good && in.literal("]");
  }
  void element(std::string& x) { good = good && in.text(x); }
  void element(uint32_t& x) {
    uint64_t value = 0;
    good = good && in.number(value) && value <= UINT32_MAX;
    x = static_cast<uint32_t>(value);
  }
  void element(uint64_t& x) { good = good && in.number(x); }
  void element(caf::timestamp& x) {
    std::string text;
    good = good && in.text(text);
    auto time = good ? parse_rfc3339(text) : caf::none;
    good = static_cast<bool>(time);
    x = time.value_or(caf::timestamp{});
  }
  template <class T>
  void element(T& x) {
    before = '{';
    visit(*this, x);
    good = good && in.literal("}");
    before = ',';
  }
  template <class T>
  void operator()(const char* name, caf::optional<T>& x) {
    if (!good || !is_next(name))
      return;
    x = T{};
    value(*x);
  }
  template <class T>
  void operator()(const char* name, T& x) {
    good = good && is_next(name);
    if (good)
      value(x);
  }
  template <class T>
  void value(T& x) {
    if constexpr (std::is_enum_v<T>)
      x = enumerator<T>();
    else
      element(x);
  }
  template <class T>
  T enumerator() {
    std::string text;
    good = good && in.text(text);
    auto x = parse_name(T{}, text);
    good = good && x;
    return x ? *x : T{};
  }
};

/// Reads an order from a tree, whoever wrote it; throws nlohmann's exceptions.
struct tree_visitor {
  const json& tree;

  void operator()(const char* name, std::string& x) { read(tree, name, x); }
  void operator()(const char* name, uint32_t& x) { read(tree, name, x); }
  void operator()(const char* name, uint64_t& x) { read(tree, name, x); }
  void operator()(const char* name, std::chrono::seconds& x) {
    uint32_t value = 0;
    read(tree, name, value);
    x = std::chrono::seconds{value};
  }
  template <class T>
  void operator()(const char* name, std::vector<T>& list) {
    auto& values = tree.at(name);
    if (!values.is_array())
      refuse(name, "a list");
    for (auto& value : values)
      element(value, list.emplace_back());
  }
  static void element(const json& value, std::string& x) { x = value.get<std::string>(); }
  void operator()(const char* name, caf::timestamp& x) {
    auto time = parse_rfc3339(tree.at(name).get_ref<const std::string&>());
    if (!time)
      refuse(name, "a time");
    x = *time;
  }
  template <class T>
  static void element(const json& value, T& x) {
    tree_visitor inner{value};
    visit(inner, x);
  }
  template <class T>
  void operator()(const char* name, caf::optional<T>& x) {
    if (!tree.contains(name))
      return;
    x = T{};
    (*this)(name, *x);
  }
  template <class T>
  void operator()(const char* name, T& x) {
    if constexpr (std::is_enum_v<T>) {
      auto value = parse_name(T{}, tree.at(name).template get_ref<const std::string&>());
      if (!value)
        refuse(name, "one of the known names");
      x = *value;
    } else {
      element(tree.at(name), x);
    }
  }
};

caf::error unreadable(const std::string& why) {
  return make_problem(errc::internal, "a job's text cannot be read: " + why);
}

bool decode_quickly(std::string_view payload, job_delivery& x) {
  quick_visitor v{quick_json::reader{payload}};
  v("id", x.ticket.id);
  v("generation", x.ticket.generation);
  v("attempt", x.ticket.attempt);
  v("about", x.about);
  std::string_view order;
  if (!v.good || !v.is_next("order") || !v.in.object(order) || !v.in.literal("}") || !v.in.at_end())
    return false;
  x.body = order;
  return true;
}

} // namespace

template <class Order>
std::string order_to_text(const Order& x) {
  writer w;
  visit(w, x);
  return w.out.take();
}

template <class Order>
caf::expected<Order> parse_order(std::string_view body) {
  Order x;
  quick_visitor quick{quick_json::reader{body}};
  visit(quick, x);
  if (quick.good && quick.in.literal("}") && quick.in.at_end())
    return x;
  auto tree = parse_json(body);
  if (!tree)
    return unreadable(problem_of(tree.error()).detail);
  try {
    Order y;
    tree_visitor v{*tree};
    visit(v, y);
    return y;
  } catch (const json::exception& e) {
    return unreadable(e.what());
  }
}

#define IGL_ORDER(order)                                                                           \
  template std::string order_to_text(const order&);                                                \
  template caf::expected<order> parse_order(std::string_view);
IGL_ORDER(process_message)
IGL_ORDER(route_message)
IGL_ORDER(check_delivery)
IGL_ORDER(update_message)
IGL_ORDER(reject_message)
IGL_ORDER(retrieve_object)
IGL_ORDER(message_changed)
IGL_ORDER(deliver_callback)
IGL_ORDER(channel_notified)
IGL_ORDER(verify_intent)
IGL_ORDER(write_to_medium)
#undef IGL_ORDER

std::string encode_delivery(const job_ticket& ticket, const job_order& job) {
  return json_text::object{job.body.size() + job.about.size() + ticket.id.size() + 80}
      .text("id", ticket.id)
      .number("generation", ticket.generation)
      .number("attempt", ticket.attempt)
      .text("about", job.about)
      .raw("order", job.body)
      .take();
}

caf::expected<job_delivery> decode_delivery(std::string_view payload) {
  job_delivery x;
  if (decode_quickly(payload, x))
    return x;
  auto tree = parse_json(payload);
  if (!tree)
    return unreadable(problem_of(tree.error()).detail);
  try {
    read(*tree, "id", x.ticket.id);
    read(*tree, "generation", x.ticket.generation);
    read(*tree, "attempt", x.ticket.attempt);
    read(*tree, "about", x.about);
    x.body = tree->at("order").dump();
    return x;
  } catch (const json::exception& e) {
    return unreadable(e.what());
  }
}

} // namespace igl
