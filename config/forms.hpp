#pragma once

#include "config/value.hpp"

/// What texts in a configuration have to look like.
namespace igl::config::forms {

extern const text_form jurisdiction;      ///< "AU": one that exists
extern const text_form jurisdiction_code; ///< "XK": two capital letters, assigned or not
extern const text_form identifier;        ///< "sg-http": small letters, digits and hyphens
extern const text_form address;           ///< "127.0.0.1:5100", "localhost:80"; no IPv6
extern const text_form base_url;          ///< "https://example.org/igl"; tidy: no slash at the end
extern const text_form nats_urls;         ///< "nats://a:4222,tls://b:4222"
extern const text_form url_path;          ///< "/subscriptions"
extern const text_form pattern;           ///< "*", "AU", "UN.CEFACT.*"
extern const text_form folder;            ///< not empty
extern const text_form subscription_secret; ///< under 200 bytes (W3C WebSub §5.1)
extern const text_form bearer_token;        ///< RFC 6750 §2.1
extern const text_form long_token;          ///< the same, too long to be guessed
extern const text_form network_or_host;     ///< "127.0.0.0/8", "10.1.2.3", "subscriber.internal"
extern const text_form file_or_url;         ///< "keys.json", "https://example.org/keys.json"

/// The host of an address, without brackets; empty: it is no address.
std::string_view host_of(std::string_view address);
/// Does a listener there listen on every address of this machine?
bool is_every_address(std::string_view host);
/// Does the host mean this machine only? A name other than localhost may mean anything.
bool is_loopback(std::string_view host);

} // namespace igl::config::forms
