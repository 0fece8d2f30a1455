#pragma once

#include "config/forms.hpp"
#include "config/options.hpp"

namespace igl::config {

/// The rows of how somebody else is shown who we are; `whom`: "the channel".
template <class Settings>
std::vector<option<Settings>> auth_rows(channel_auth_settings Settings::*where,
                                        const std::string& who, const std::string& whom) {
  using a = channel_auth_settings;
  return {
      {{"", "auth.kind", one_of({"none", "token", "oauth2"}), "none",
        "How the " + who + " shows " + whom +
            " who it is; token: a bearer token; oauth2: client credentials (RFC 6749 §4.4)."},
       in(where, &a::kind)},
      {{"", "auth.token", text_of(forms::bearer_token), "",
        "token: what " + whom + "'s operator gave this " + who + ".", secrecy::all},
       in(where, &a::token)},
      {{"", "auth.client_id", any_text(), "", "OAuth 2.0: the name of this " + who + "."},
       in(where, &a::client_id)},
      {{"", "auth.client_secret", any_text(), "", "OAuth 2.0: its secret.", secrecy::all},
       in(where, &a::client_secret)},
      {{"", "auth.scope", any_text(), "", "OAuth 2.0: what is asked for; empty: nothing special."},
       in(where, &a::scope)},
      {{"", "auth.token_endpoint", text_of(forms::base_url), "",
        "OAuth 2.0: where tokens come from."},
       in(where, &a::token_endpoint)},
  };
}

} // namespace igl::config
