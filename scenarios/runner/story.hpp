#pragma once

#include "scenarios/runner/grammar.hpp"
#include "scenarios/runner/invariants.hpp"
#include "scenarios/runner/telling.hpp"
#include "scenarios/runner/world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl::scenario {

/// A world in which a story is played, and what came out so far.
class story {
public:
  /// `beside`: where the script's documents are.
  story(std::unique_ptr<world> in, std::string beside);
  story(const story&) = delete;
  story& operator=(const story&) = delete;

  const std::vector<phrase>& phrases() const { return phrases_; }
  /// Does what a line says.
  caf::error act(const understood& x, uint32_t line);
  /// The column of the word that the last failure is about.
  uint32_t blamed() const { return blamed_; }
  /// Lines of commands that planned something which has not happened.
  std::vector<uint32_t> never_came() const;
  /// What came out since this was asked before.
  std::vector<std::string> take();
  /// Called with everything that happens when it does, whether it comes out or not.
  std::function<void(const std::string&)> on_line;

  world& all() { return world_; }
  uint64_t journeys() const { return invariants_.arrived(); }

private:
  // Each is a group of commands, in a file of its own.
  void add_declarations();
  void add_time();
  void add_business();
  void add_looking();
  void add_operation();
  void add_faults();
  void add_moments();

  /// How much of what happens comes out. Later: it is kept for whoever asks next.
  enum class detail : uint8_t { nothing, later, nations, everything };

  void declare(std::string form, std::vector<std::string> options, std::string meaning,
               std::function<caf::error(const call&)> act);
  void say(const std::string& line);
  void tell(process::kind of, const std::string& line);
  /// A command before which everything that was named is started.
  void add(std::string form, std::vector<std::string> options, std::string meaning,
           std::function<caf::error(const call&)> act);
  caf::expected<http_response> answer_of(const std::string& nation, http_request x);
  caf::expected<std::shared_ptr<ledger>> book_of(const std::string& where);
  caf::expected<std::vector<process*>> processes_of(const std::string& name);
  caf::error blame(uint32_t column, const std::string& what);
  /// What a declaration says is wrong: of the option that it is about.
  caf::error blamed_on_option(const call& x, const caf::error& why);
  /// Everybody whom a command names is there.
  caf::error resolve(const understood& x);
  std::vector<std::string> known(std::string_view kind_of_slot) const;
  caf::error run(detail shown, caf::timespan at_most);
  void post(const call& x);
  /// Does a command of this form.
  caf::error say_and_do(const std::string& form, const call& with);
  caf::error die_at_every_moment(const call& x);
  /// POST to the operator's API of a node.
  caf::expected<http_response> operate(const std::string& nation, const std::string& path);
  caf::error act_on_letter(const call& x, const std::string& what);
  caf::error act_on_subscriber(const call& x, const std::string& what);
  void read_what_it_missed(const subscriber& x);
  // Parts of add_faults.
  void add_ends();
  void add_crashes();
  void add_computers();
  void add_weather();
  void add_subscribers();
  void add_media();
  void add_simulated(std::string form, std::vector<std::string> options, std::string meaning,
                     std::function<caf::error(const call&)> act);
  subscriber& subscriber_of(const call& x) { return world_.subscribers().at(x.slots[0]); }

  std::unique_ptr<world> owned_;
  world& world_;
  invariants invariants_;
  std::string beside_;
  std::vector<phrase> phrases_;
  std::vector<std::string> out_;
  uint32_t blamed_ = 1;
  world::happened planned_;                                 ///< by the command that is being done
  std::vector<std::pair<uint32_t, world::happened>> plans_; ///< by line
  detail shown_ = detail::later;
  std::vector<std::pair<process::kind, std::string>> untold_;
  std::map<std::string, std::string> documents_; ///< name → bytes
};

} // namespace igl::scenario
