#include "config/reader.hpp"

#include "config/nearest.hpp"

#include <algorithm>
#include <tuple>

namespace igl::config {

namespace {

std::string joined(const std::string& path, const std::string& key) {
  return path.empty() || key.empty() ? path + key : path + "." + key;
}

// "url, kind or path"
std::string choice(const std::vector<std::string>& names) {
  std::string result;
  for (size_t i = 0; i < names.size(); ++i)
    result += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return result;
}

// What may stand in a table: the next part of each path that goes through it.
std::vector<std::string> keys_inside(const bound_options& all, const std::string& inside,
                                     const std::vector<std::string>& tables) {
  auto above = inside.empty() ? "" : inside + ".";
  std::vector<std::string> result;
  for (auto& x : all) {
    auto path = x.row->path();
    if (!path.starts_with(above))
      continue;
    auto key = path.substr(above.size());
    key.resize(std::min(key.find('.'), key.size()));
    if (std::find(result.begin(), result.end(), key) == result.end())
      result.push_back(key);
  }
  if (inside.empty())
    result.insert(result.end(), tables.begin(), tables.end());
  return result;
}

std::string unknown_key(const std::string& path, const std::string& key,
                        const std::vector<std::string>& known) {
  auto meant = nearest(key, known);
  auto advice = meant.empty() ? "expected " + choice(known) : "did you mean " + meant + "?";
  return readable(path) + " is not an option, " + advice;
}

} // namespace

std::string readable(const std::string& path) {
  std::string result;
  auto inside = false;
  for (auto c : path) {
    inside = inside || c == '[';
    if (!inside)
      result += c;
    inside = inside && c != ']';
  }
  return result;
}

reader::reader(const document& from, const std::string& file, const environment& env)
    : from_(from), file_(file), env_(env), mistakes_(from.mistakes) {}

void reader::add(const std::string& file, place at, const std::string& what) {
  mistakes_.push_back({file, at.line, at.column, what});
}

void reader::find_options(const bound_options& all, const entry& table, const std::string& path,
                          const std::string& inside, const std::vector<std::string>& tables,
                          std::map<std::string, const entry*>& found) {
  auto known = keys_inside(all, inside, tables);
  for (auto& item : table.items) {
    auto name = joined(inside, item.key);
    auto full = joined(path, name);
    auto is_option = [&](auto& x) {
      return x.row->path() == name;
    };
    if (std::any_of(all.begin(), all.end(), is_option)) {
      found[name] = &item;
    } else if (std::find(known.begin(), known.end(), item.key) == known.end()) {
      add(file_, item.key_at, unknown_key(full, item.key, known));
    } else if (inside.empty() &&
               std::find(tables.begin(), tables.end(), item.key) != tables.end()) {
      origins_[full] = {file_, item.key_at};
    } else if (item.is != entry::kind::table) {
      add(file_, item.at,
          readable(full) + " is " + std::string{name_of(item.is)} + ", expected a table with " +
              choice(keys_inside(all, name, {})));
    } else {
      origins_[full] = {file_, item.key_at};
      find_options(all, item, path, name, tables, found);
    }
  }
}

void reader::take(const bound_option& what, const entry& from, const std::string& path,
                  const std::string& file) {
  origins_[path] = {file, from.at};
  auto& row = *what.row;
  auto rule = row.rule;
  rule.may_be_empty = rule.may_be_empty || (row.fallback && row.fallback->empty());
  std::vector<fault> faults;
  auto taken = value_of(from, rule, known_, faults);
  auto refuse = [&](place at, const std::string& why) {
    bad_.insert(path);
    add(file, at, readable(path) + " " + why);
  };
  for (auto& x : faults)
    refuse(x.at, row.hidden == secrecy::open
                     ? x.what
                     : "is not what it has to be, expected " + expected_by(rule));
  if (!taken)
    return;
  if (row.hidden != secrecy::open && *taken == value{std::string{hidden_text}})
    return refuse(from.at, "is ***, which is shown for what is secret, expected the secret");
  store_in(what.where, *taken);
}

void reader::override_by(const std::string& variable, const bound_option& what,
                         const std::string& path) {
  variables_.insert(variable);
  if (auto set = env_.find(variable); set != env_.end())
    take(what, entry_of(set->second, what.row->rule), path, "environment:" + variable);
}

void reader::read(const bound_option& what, const entry* from, const std::string& path,
                  const std::string& variable) {
  if (from != nullptr)
    take(what, *from, path, file_);
  override_by(variable, what, path);
  if (!what.row->fallback && !given(path) && complete()) {
    bad_.insert(path);
    report(path, "is missing, expected " + expected_by(what.row->rule));
  }
}

void reader::read(const bound_options& all, const entry& table, const std::string& path,
                  const std::string& variables, const std::vector<std::string>& tables) {
  if (!path.empty())
    origins_[path] = {file_, table.at};
  std::map<std::string, const entry*> found;
  find_options(all, table, path, "", tables, found);
  for (auto& x : all) {
    auto name = x.row->path();
    auto at = found.find(name);
    read(x, at == found.end() ? nullptr : at->second, joined(path, name),
         environment_name(name, variables));
  }
}

const entry* reader::table(const std::string& name) {
  auto found = from_.root.find(name);
  if (found == nullptr || found->is == entry::kind::table)
    return found;
  add(file_, found->at,
      name + " is " + std::string{name_of(found->is)} + ", expected a table: [" + name + "]");
  return nullptr;
}

std::vector<const entry*> reader::tables(const std::string& name) {
  std::vector<const entry*> result;
  auto found = from_.root.find(name);
  if (found == nullptr)
    return result;
  auto is_table = [](auto& x) {
    return x.is == entry::kind::table;
  };
  if (found->is != entry::kind::list ||
      !std::all_of(found->items.begin(), found->items.end(), is_table)) {
    bad_.insert(name);
    add(file_, found->at, name + " is not a list of tables, expected each as [[" + name + "]]");
    return result;
  }
  for (auto& item : found->items)
    result.push_back(&item);
  return result;
}

void reader::report_variables(const std::set<std::string>& foreign,
                              const std::vector<std::string>& lists) {
  std::vector<std::string> known{variables_.begin(), variables_.end()};
  for (auto& [name, text] : env_) {
    if (!name.starts_with("IGL_") || variables_.contains(name) || foreign.contains(name))
      continue;
    // Others may have variables with our prefix (Kubernetes makes IGL_SERVICE_HOST): only what
    // can be nothing but a slip is a mistake.
    auto meant = nearest(name, known);
    if (!meant.empty() && edit_distance(name, meant) <= 2)
      add("environment:" + name, {}, "is not an option, did you mean " + meant + "?");
    else if (std::any_of(lists.begin(), lists.end(),
                         [&name = name](auto& x) { return name.starts_with(x); }))
      add("environment:" + name, {},
          "belongs to nothing that is configured" +
              (meant.empty() ? "" : ", expected for example " + meant));
  }
}

void reader::report(const std::string& path, const std::string& what) {
  auto above = path;
  for (auto found = origins_.find(above);; found = origins_.find(above)) {
    if (found != origins_.end())
      return add(found->second.file, found->second.at, readable(path) + " " + what);
    auto dot = above.rfind('.');
    if (dot == std::string::npos)
      return add(file_, {1, 1}, readable(path) + " " + what);
    above.resize(dot);
  }
}

std::vector<mistake> reader::mistakes() const {
  auto result = mistakes_;
  auto order = [&](const mistake& x) {
    return std::tuple{x.file != file_, x.file, x.line, x.column, x.what};
  };
  std::sort(result.begin(), result.end(), [&](auto& a, auto& b) { return order(a) < order(b); });
  return result;
}

} // namespace igl::config
