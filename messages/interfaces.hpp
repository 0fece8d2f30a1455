#pragma once

#include "messages/type_ids.hpp"

#include <caf/typed_actor.hpp>

/// Every typed actor interface of the project, in the order a message meets them.
///
/// Requests carry a named time-out (messages/timeouts.hpp); every answer may be an error of
/// errors.hpp.
namespace igl {

/// The LEDGER WRITER is the only one that changes the ledger. It answers after the data is on disk.
using ledger_actor = caf::typed_actor<
    // One transaction: close a job, apply its effects, open the next jobs.
    caf::replies_to<settlement>::with<settled>,
    // Makes room for a document's pieces.
    caf::replies_to<begin_upload>::with<upload_begun>,
    // Writes one piece.
    caf::replies_to<store_piece>::with<piece_stored>,
    // Forgets an upload that will not be finished.
    caf::replies_to<abandon_upload>::with<settled>,
    // Opens a dead letter's job again, attempts from one.
    caf::replies_to<replay_dead_letter>::with<settled>,
    // Removes a dead letter.
    caf::replies_to<drop_dead_letter>::with<settled>>;

/// The LEDGER READER answers what is on disk, in parallel with the writer.
using ledger_reader_actor =
    caf::typed_actor<caf::replies_to<find_message>::with<found_message>,
                     caf::replies_to<find_channel_record>::with<found_channel_record>,
                     caf::replies_to<channel_records_since>::with<channel_records>,
                     caf::replies_to<find_events>::with<found_events>,
                     caf::replies_to<find_object>::with<found_object>,
                     caf::replies_to<may_read>::with<access>,
                     caf::replies_to<read_piece>::with<document_piece>,
                     caf::replies_to<find_subscribers>::with<found_subscribers>,
                     caf::replies_to<find_subscription>::with<found_subscription>,
                     caf::replies_to<find_ending_subscriptions>::with<found_ending_subscriptions>,
                     caf::replies_to<find_subscriptions>::with<found_subscriptions>,
                     caf::replies_to<find_hub_event>::with<found_hub_event>,
                     caf::replies_to<find_hub_events>::with<found_hub_events>,
                     caf::replies_to<find_lane>::with<found_lane>,
                     caf::replies_to<find_latest_events>::with<found_events>,
                     caf::replies_to<find_cursor>::with<found_cursor>,
                     caf::replies_to<due_jobs>::with<found_due_jobs>,
                     caf::replies_to<find_dead_letters>::with<found_dead_letters>,
                     caf::replies_to<find_dead_letter_groups>::with<found_dead_letter_groups>,
                     caf::replies_to<find_job>::with<found_job>,
                     caf::replies_to<ledger_figures_query>::with<ledger_figures>>;

/// The JOB PUBLISHER carries open jobs that are due from the ledger to their streams.
using job_publisher_actor = caf::typed_actor<
    // Something was committed; look for due jobs. May be lost: a timer looks too.
    caf::reacts_to<jobs_opened>,
    // Publish again what is open on a stream and was due before a time.
    caf::reacts_to<republish>,
    // How many publications await their acknowledgement.
    caf::replies_to<publisher_query>::with<publisher_status>,
    // Whether a due job should be in its stream, and since when.
    caf::replies_to<published_when>::with<published_at>,
    // INTERNAL: a publication was acknowledged or failed.
    caf::reacts_to<publication_ended>,
    // INTERNAL: the timer.
    caf::reacts_to<caf::tick_atom>>;

/// A JOB SOURCE pulls one stream's jobs, has a worker do them and acknowledges what is settled.
using job_source_actor = caf::typed_actor<
    // INTERNAL: the stream delivers a job.
    caf::reacts_to<job_arrived>,
    // Stop pulling; answers when nothing is in flight.
    caf::replies_to<drain>::with<drained>,
    // How many jobs are with the worker.
    caf::replies_to<source_query>::with<source_status>,
    // INTERNAL: keep-alive of long jobs.
    caf::reacts_to<caf::tick_atom>>;

/// The RECONCILER finds what is open in the ledger but not in a stream, and has it published again.
using reconciler_actor = caf::typed_actor<caf::reacts_to<caf::tick_atom>>;

// -- workers: each takes a ticket and an order, settles, and answers what the ledger answered
// ----------

template <class Order>
using worker_actor =
    caf::typed_actor<typename caf::replies_to<job_ticket, Order>::template with<settled>>;

/// The INBOUND MESSAGE PROCESSOR brings a new message, from here or abroad, into the lake.
using inbound_message_processor_actor = worker_actor<process_message>;
/// The MULTICHANNEL ROUTER posts a message to the first channel that does not screen it.
using multichannel_router_actor = worker_actor<route_message>;
/// The CHANNEL POLLER asks a channel for the state of what WE sent until it changes.
using channel_poller_actor =
    caf::typed_actor<caf::replies_to<job_ticket, check_delivery>::with<settled>,
                     // A channel says that something became of what we posted.
                     caf::replies_to<job_ticket, channel_notified>::with<settled>>;
/// The MESSAGE UPDATER is the only one that changes the status of an existing message.
using message_updater_actor =
    caf::typed_actor<caf::replies_to<job_ticket, update_message>::with<settled>,
                     // A business's own change (PATCH); the answer is the record as it is on disk.
                     caf::replies_to<patch_message>::with<message_record>>;
/// The REJECTED MESSAGE PROCESSOR marks what could not be sent.
using rejected_message_processor_actor = worker_actor<reject_message>;
/// The OBJECT SPIDER fetches documents from abroad.
using object_spider_actor = worker_actor<retrieve_object>;
/// The CALLBACKS SPREADER makes one job per subscriber.
using callbacks_spreader_actor = worker_actor<message_changed>;
/// The CALLBACK DELIVERER makes the call.
using callback_deliverer_actor = worker_actor<deliver_callback>;
/// The INTENT VERIFIER asks a subscriber whether it means it.
using intent_verifier_actor = worker_actor<verify_intent>;
/// The LEASE WATCH tells the operator which subscriptions are about to end.
using lease_watch_actor = caf::typed_actor<
    // INTERNAL: look which leases end soon.
    caf::reacts_to<caf::tick_atom>>;
/// A CHANNEL OBSERVER fetches what was sent TO us over one channel.
using channel_observer_actor =
    caf::typed_actor<caf::replies_to<job_ticket, channel_notified>::with<settled>,
                     // How the channel does.
                     caf::replies_to<channel_health_query>::with<channel_health>,
                     // INTERNAL: ask what is new since the cursor, notified or not.
                     caf::reacts_to<caf::tick_atom>>;
/// A SUBSCRIPTION HANDLER keeps the WebSub subscription at one channel alive.
using subscription_handler_actor = caf::typed_actor<
    // Is this verification of a subscription we asked for?
    caf::replies_to<confirm_channel_intent>::with<channel_intent_confirmed>,
    // A notification: is its signature ours?
    caf::replies_to<channel_notification>::with<notification_accepted>,
    caf::replies_to<channel_health_query>::with<channel_health>,
    // INTERNAL: renew.
    caf::reacts_to<caf::tick_atom>>;
/// The MEDIUM WRITER writes an endpoint's posted messages to the medium.
using medium_writer_actor =
    caf::typed_actor<caf::replies_to<job_ticket, write_to_medium>::with<settled>,
                     // INTERNAL: write what is waiting.
                     caf::reacts_to<caf::tick_atom>>;
/// The MEDIUM OBSERVER watches a medium for messages to the jurisdictions an endpoint serves.
using medium_observer_actor =
    caf::typed_actor<caf::replies_to<channel_health_query>::with<channel_health>,
                     caf::reacts_to<caf::tick_atom>>;

// -- the outside
// -------------------------------------------------------------------------------------

/// The HTTP CLIENT makes a request; bounded per origin (peer_busy when the bound is reached).
using http_client_actor = caf::typed_actor<caf::replies_to<http_request>::with<http_response>>;

/// A CHANNEL as a node sees it, whatever is behind it.
using channel_actor = caf::typed_actor<
    // The same idempotency key gets the same id again.
    caf::replies_to<post_to_channel>::with<channel_receipt>,
    // The state of a message, posted or received; not_found if the channel does not know it.
    caf::replies_to<find_channel_message>::with<channel_message>,
    // New and changed messages, in order.
    caf::replies_to<find_channel_updates>::with<channel_page>,
    // WebSub.
    caf::replies_to<subscription_request>::with<subscription_accepted>>;

// -- the APIs
// ----------------------------------------------------------------------------------------

using message_api_actor = caf::typed_actor<caf::replies_to<post_message>::with<message_record>,
                                           // Fails with message_not_found.
                                           caf::replies_to<find_message>::with<message_record>,
                                           caf::replies_to<patch_message>::with<message_record>>;

using document_api_actor = caf::typed_actor<caf::replies_to<store_document>::with<document_stored>,
                                            caf::replies_to<open_document>::with<object_info>,
                                            caf::replies_to<read_piece>::with<document_piece>>;

/// The node's and the endpoint's hub.
using subscriptions_api_actor =
    caf::typed_actor<caf::replies_to<subscription_request>::with<subscription_accepted>>;

/// The SUBSCRIBER DESK tells subscribers, and the operator, how their deliveries do.
using subscriber_desk_actor =
    caf::typed_actor<caf::replies_to<read_hub_events>::with<found_hub_events>,
                     caf::replies_to<report_subscriber>::with<subscriber_report>,
                     caf::replies_to<find_subscriptions>::with<found_subscriptions>,
                     caf::replies_to<act_on_subscriber>::with<subscriber_acted>>;

using message_reception_api_actor =
    caf::typed_actor<caf::replies_to<confirm_channel_intent>::with<channel_intent_confirmed>,
                     caf::replies_to<channel_notification>::with<notification_accepted>>;

/// The Channel API of an endpoint: a channel, and what only an endpoint can be asked.
using channel_api_actor =
    channel_actor::extend<caf::replies_to<find_participants>::with<participants>,
                          caf::replies_to<revoke_channel_message>::with<channel_message>>;

/// The INCOMING API takes what the other sides of a channel hand over.
using incoming_api_actor =
    caf::typed_actor<caf::replies_to<incoming_message>::with<channel_receipt>,
                     // INTERNAL: write what is waiting.
                     caf::reacts_to<caf::tick_atom>>;

/// The TOKEN KEYS reads the keys that bearer tokens are signed with, and reads them again.
using token_keys_actor =
    caf::typed_actor<caf::replies_to<renew_token_keys>::with<token_keys_renewed>,
                     // INTERNAL: the timer.
                     caf::reacts_to<caf::tick_atom>>;

/// The BACKUP copies the ledger while it is at work.
using backup_actor =
    caf::typed_actor<caf::replies_to<back_up_ledger>::with<backup_state>,
                     caf::replies_to<backup_query>::with<backup_state>,
                     // INTERNAL: the copy is made, or cannot be.
                     caf::reacts_to<backup_state>>;

/// The RELOADER reads a node's configuration again, and has its channels and routing follow it.
using reloader_actor =
    caf::typed_actor<caf::replies_to<reload_configuration>::with<configuration_reload>,
                     caf::replies_to<last_reload_query>::with<configuration_reload>>;

/// What `igl status`, `igl trace` and the probes ask.
using operator_api_actor =
    caf::typed_actor<caf::replies_to<node_status_query>::with<node_status>,
                     caf::replies_to<readiness_query>::with<readiness>,
                     caf::replies_to<find_events>::with<found_events>,
                     caf::replies_to<supervision_query>::with<supervision_node>,
                     caf::replies_to<find_dead_letters>::with<found_dead_letters>,
                     caf::replies_to<find_dead_letter_groups>::with<found_dead_letter_groups>,
                     caf::replies_to<find_job>::with<found_job>,
                     caf::replies_to<replay_dead_letter>::with<settled>,
                     caf::replies_to<drop_dead_letter>::with<settled>,
                     caf::replies_to<back_up_ledger>::with<backup_state>,
                     caf::replies_to<backup_query>::with<backup_state>,
                     caf::replies_to<reload_configuration>::with<configuration_reload>>;

/// A SUPERVISOR keeps its children running and can say how they do.
using supervisor_actor =
    caf::typed_actor<caf::replies_to<supervision_query>::with<supervision_node>,
                     caf::replies_to<renew_child>::with<child_renewed>,
                     // INTERNAL: time to start a child again.
                     caf::reacts_to<restart_child>,
                     // INTERNAL: children that have not said by now how they do are busy.
                     caf::reacts_to<caf::tick_atom>>;

} // namespace igl
