"""Situations that were seen in real traffic, each by its name, and the tests that hold what is right in it.

L: texts lost or forgotten. N: nobody was told. W: who is who. T: what Twilio shows is not what was sent. A: being
attacked. O: Twilio, or the way to it, fails. M: one small machine. These are cases, and none of the invariants that
docs/reliability.md calls L1 to L4.
"""

from __future__ import annotations

# By name: the situation, and its tests as file::name below tests/.
CASES: dict[str, tuple[str, ...]] = {
    "L1": (
        "a row of the list that is not whole, then its webhook",
        "flow/test_reconcile_rows.py::test_a_row_that_is_not_whole_is_left_until_it_is",
        "flow/test_says_more.py::test_words_that_the_list_did_not_have_are_forwarded_when_the_webhook_brings_them",
        "stories/misbehaving/test_lost_webhooks.py::test_a_webhook_that_says_more_than_the_list_did_is_forwarded",
    ),
    "L2": (
        "sixty webhooks are lost, and the list is behind",
        "flow/test_reconcile_lag.py::"
        "test_every_text_whose_webhook_was_lost_is_recovered_however_far_the_list_is_behind",
        "flow/test_reconcile_lag.py::test_what_a_list_costs_in_an_hour_is_bounded",
    ),
    "L3": (
        "a recovered text with half an emoji, which the store refuses",
        "flow/test_odd_texts.py::test_a_recovered_text_with_half_an_emoji_is_stored_by_the_first_run",
        "flow/test_odd_texts.py::test_a_text_whose_words_the_store_refuses_is_forwarded_without_them_and_raises_one_alarm",
        "flow/test_reconcile_watermark.py::test_the_watermark_passes_no_text_that_waits_until_people_are_told",
    ),
    "L4": (
        "a signed body of bytes that are no UTF-8",
        "twilio/test_webhook_bytes.py::test_what_cannot_be_decoded_is_no_forgery",
    ),
    "L5": (
        "a clock that is a day ahead for one run",
        "flow/test_reconcile_clocks.py::"
        "test_texts_that_are_lost_during_and_after_an_excursion_of_the_clock_are_recovered",
        "flow/test_reconcile_clocks.py::test_a_watermark_that_lies_ahead_is_pulled_back_and_that_is_said",
        "embedded/test_jobs.py::test_jobs_that_a_clock_ahead_has_put_off_run_again_at_once_when_it_is_right",
    ),
    "L6": (
        "a clock that is 91 days ahead for one sweep, or dead",
        "contract/test_relay_store_expiry.py::test_a_relay_that_has_not_ended_is_neither_hidden_nor_removed",
        "contract/test_relay_store_expiry.py::test_a_clock_that_jumps_ahead_removes_nothing",
        "core/test_clocks.py::test_a_try_that_a_clock_ahead_had_planned_begins_now",
    ),
    "L7": (
        "where sent counts, undelivered after it",
        "core/test_reversals.py::test_undelivered_after_a_sent_that_ended_the_relay_goes_to_the_next_tier",
        "core/test_reversals.py::test_undelivered_after_a_sent_that_ended_the_relay_raises_the_alarm_at_the_last_tier",
    ),
    "L8": (
        "a late sent after an explicit undelivered",
        "core/test_reversals.py::test_a_late_sent_takes_no_explicit_failure_back_and_withdraws_nothing",
    ),
    "L9": (
        "undelivered after delivered",
        "flow/test_receipts.py::test_undelivered_after_delivered_is_in_the_trail_with_its_code_and_words",
    ),
    "L10": (
        "200 relays that cannot be written or read",
        "flow/test_setting_aside.py::test_relays_that_the_store_refuses_or_cannot_read_keep_no_other_waiting",
        "contract/test_relay_store_refusals.py::test_what_can_never_be_stored_is_refused_for_good_and_named",
        "contract/test_relay_store_refusals.py::"
        "test_a_record_that_cannot_be_read_is_named_with_an_alarm_and_hides_no_other",
    ),
    "L11": (
        "139 redrives of one relay",
        "contract/test_largest_relay.py::test_it_stays_below_half_of_what_a_store_keeps",
        "contract/test_largest_relay.py::test_a_relay_that_is_redriven_again_and_again_is_refused_in_words_long_before",
    ),
    "L12": (
        "300 texts in ten seconds to a number of one text a second",
        "flow/test_outages.py::test_a_burst_of_300_texts_to_one_number_reaches_its_handlers_late_rather_than_never",
        "core/test_outages.py::test_at_the_last_tier_late_beats_never",
    ),
    "N1": (
        "webhooks signed with another token, for another address, by another account",
        "twilio/test_refusals.py::test_a_refusal_is_told_with_its_reason_and_the_address_it_was_checked_against",
        "relayctl/test_doctor_webhooks.py::test_another_address_than_the_relays_is_found_and_what_is_other_about_it",
        "terraform/test_alerts.py::test_a_strangers_request_is_no_alert_and_one_that_was_signed_is",
    ),
    "N3": (
        "an API key that may send and not read",
        "twilio/test_looking_up.py::test_a_key_that_may_send_and_not_read_is_told_apart_from_an_outage",
        "relayctl/test_doctor_elsewhere.py::test_an_api_key_that_may_send_and_not_read_is_found",
    ),
    "N4": (
        "a sweep that fails, relays that are overdue, errors, a function that answers 5xx",
        "terraform/test_alerts.py::test_what_only_the_log_knows_is_one_condition_with_an_incident_for_each_cause",
        "terraform/test_alerts.py::test_lines_without_a_name_of_their_own_say_what_they_are_about",
        "terraform/test_alerts.py::test_any_function_that_answers_5xx_is_told_by_its_name",
    ),
    "W1": (
        "a handler's number in its network's other spelling",
        "flow/test_intake.py::"
        "test_a_handler_whose_network_spells_the_number_otherwise_is_known_and_never_forwarded_to_himself",
        "core/test_numbers.py::test_one_handset_has_one_canonical_form_in_every_spelling",
    ),
    "W2": (
        "texts from and to an address of a channel",
        "twilio/test_texts.py::test_a_number_behind_a_channels_prefix_is_that_number_whatever_its_case",
        "flow/test_our_numbers.py::test_a_text_to_an_address_of_a_channel_is_forwarded_from_a_number_that_can_text",
    ),
    "W3": (
        "forty identical texts, and two robots",
        "flow/test_brake.py::"
        "test_of_forty_identical_texts_within_seconds_five_are_forwarded_and_the_others_kept_with_an_alarm",
        "flow/test_brake.py::test_two_robots_that_answer_each_other_come_to_rest",
    ),
    "W4": (
        "a handler's opt-out in a word that only Twilio knows",
        "flow/test_intake.py::test_whether_a_handler_opts_out_the_provider_knows_better_than_a_list_of_words",
        "flow/test_says_more.py::test_a_handlers_opt_out_that_only_the_webhook_tells_of_is_told_once",
    ),
    "W5": (
        "texts to a number that is not listed, or is a tier's, and from one of ours that is not listed",
        "flow/test_our_numbers.py::test_a_text_to_a_number_that_is_not_listed_is_forwarded_from_there_and_warned_of",
        "flow/test_our_numbers.py::"
        "test_a_text_to_a_tiers_own_number_is_recorded_with_an_alarm_and_never_sent_from_it_to_itself",
        "flow/test_our_numbers.py::test_a_text_from_an_unlisted_number_of_ours_is_recorded_once_a_text_came_to_it",
    ),
    "W6": (
        "a sender's name in any script, a webhook with an older id alone",
        "twilio/test_webhook_forms.py::test_short_codes_and_names_may_write_too",
        "twilio/test_webhook_forms.py::test_a_webhook_of_before_has_its_id_under_an_older_name",
    ),
    "T1": (
        "a lost answer whose text the list shows redacted",
        "flow/test_told_apart.py::test_a_lost_answer_whose_text_is_redacted_is_sent_to_no_handler_twice_and_flagged",
    ),
    "T2": (
        "the same, after a deployment that words texts otherwise",
        "flow/test_told_apart.py::test_a_deployment_that_words_texts_otherwise_changes_nothing",
    ),
    "T3": (
        "a body in base64",
        "twilio/test_texts.py::test_a_long_body_in_base64_that_travelled_as_mms_becomes_its_words",
        "twilio/test_texts.py::test_every_other_body_stays_as_it_was_written",
    ),
    "T4": (
        "receipts about other texts",
        "flow/test_receipts_of_others.py::test_a_receipt_about_another_text_is_a_warning_and_decides_nothing",
        "flow/test_receipts_of_others.py::test_an_id_that_a_look_up_found_gives_way_to_the_one_that_a_callback_tells",
    ),
    "T5": (
        "a captured webhook that is cut anew",
        "twilio/test_webhook_cuts.py::test_a_second_text_written_into_a_texts_body_is_not_taken_for_one",
        "twilio/test_webhook_cuts.py::test_no_cut_that_is_taken_at_its_word_says_anything_else_than_the_signed_one",
        "twilio/test_doubtful_webhooks.py::test_long_and_new_parameters_cost_no_text",
    ),
    "T6": (
        "codes that refuse, one that nobody knows among them",
        "twilio/test_codes.py::test_a_known_code_has_its_class_wherever_it_came_from",
        "twilio/test_codes.py::"
        "test_an_unknown_code_in_an_answer_would_be_the_same_in_two_seconds_and_goes_to_the_next_tier",
        "flow/test_refused_for_good.py::test_one_post_to_the_tier_that_is_refused_for_good_and_the_next_tier_at_once",
    ),
    "T7": (
        "words that a carrier filtered",
        "flow/test_outages.py::test_after_a_filtered_text_each_later_handler_gets_a_neutral_notice_and_not_the_words",
    ),
    "O1": (
        "a minute without Twilio",
        "flow/test_outages.py::"
        "test_an_outage_of_up_to_ten_minutes_needs_no_human_and_texts_leave_within_a_minute_of_its_end",
        "stories/test_after_an_outage.py::"
        "test_after_an_outage_of_minutes_every_text_leaves_within_one_minute_of_its_end",
    ),
    "O2": (
        "a refused text that exists",
        "core/test_refused_texts.py::test_a_callback_that_shows_that_a_refused_text_exists_withdraws_the_planned_try",
        "twilio/test_sending_faults.py::test_what_may_have_been_processed_is_ambiguous",
    ),
    "O3": (
        "an interim answer on a kept connection",
        "twilio/test_answers_of_others.py::"
        "test_an_interim_answer_leaves_the_outcome_open_and_its_connection_answers_no_other_text",
        "twilio/test_answers_of_others.py::test_an_answer_about_another_number_or_other_words_is_not_believed",
    ),
    "O4": (
        "a row with a null beside whole ones",
        "twilio/test_rows.py::test_a_row_that_lacks_a_field_hides_no_other_row",
        "stories/misbehaving/test_lost_webhooks.py::test_one_row_with_a_null_keeps_no_other_text_from_being_recovered",
    ),
    "O5": (
        "one relay about which Twilio answers 500 for ever",
        "flow/test_reconcile_fates.py::"
        "test_a_text_about_which_twilio_answers_500_for_ever_keeps_no_other_relay_from_being_settled",
    ),
    "O6": (
        "rows that are listed 20 or 60 minutes late",
        "flow/test_reconcile_lag.py::test_rows_that_come_late_among_punctual_ones_are_recovered",
    ),
    "O7": (
        "a list that goes on at another host",
        "twilio/test_pages.py::test_a_list_that_goes_on_elsewhere_is_not_followed_there",
    ),
    "O8": (
        "a body that claims another status than HTTP's",
        "twilio/test_sending_faults.py::test_the_status_of_http_decides_over_the_one_that_the_body_claims",
    ),
    "O9": (
        "ids with capital digits",
        "twilio/test_webhook_forms.py::test_ids_with_capital_digits_are_accepted_in_every_place",
        "operators/test_redrive.py::test_a_relay_is_redriven_by_its_id_in_another_spelling",
    ),
    "O10": (
        "make serve answers no more than a function does that is deployed",
        "entry_points/test_targets.py::test_make_serve_knows_how_many_threads_are_deployed",
        "entry_points/test_targets.py::test_make_serve_makes_up_what_a_fake_twilio_needs_and_says_so",
    ),
    "L13": (
        "the database is removed under the running relay",
        "entry_points/test_lost_database.py::"
        "test_texts_into_a_removed_database_are_refused_with_an_alarm_and_taken_after_a_restart",
    ),
    "N2": (
        "settings with which the real Twilio cannot work",
        "settings/test_mistakes.py::test_a_wrong_variable_is_one_mistake_in_words",
        "local_stack/test_environment.py::"
        "test_an_address_where_the_real_twilio_cannot_call_is_refused_before_anything_starts",
    ),
    "N5": (
        "a log that is not read",
        "local_stack/test_unread_log.py::test_no_text_waits_for_the_log_to_be_read_and_nothing_of_it_is_lost",
        "log/test_output.py::test_what_is_not_read_holds_up_no_thread_and_what_is_missing_is_told",
    ),
    "A1": (
        "half-sent requests that are held open",
        "local_stack/test_peers.py::test_two_hundred_that_dribble_keep_no_webhook_waiting",
        "local_stack/test_peers.py::test_two_hundred_that_dribble_are_cut_after_five_seconds",
        "local_stack/test_peers.py::test_at_the_bound_the_oldest_unfinished_connections_make_room",
    ),
    "A2": (
        "a redirect in answer to a command's credential",
        "test_outgoing.py::test_a_redirect_is_not_followed",
        "test_outgoing.py::test_nothing_asks_another_server_but_by_the_one_function_that_follows_no_redirect",
        "test_outgoing.py::test_credentials_go_nowhere_in_the_clear",
    ),
    "A3": (
        "secrets and texts in files that others may read",
        "local_stack/test_private.py::test_a_secret_that_others_may_read_or_change_is_refused_with_the_chmod_line",
        "embedded/test_file.py::test_a_file_that_others_may_read_is_made_its_owners_alone_with_its_side_files",
        "small_machine/test_handbook.py::test_a_copy_of_a_database_in_use_is_whole_private_and_can_be_put_back",
    ),
    "M1": (
        "make clean while a relay runs",
        "local_stack/test_clean.py::test_what_can_be_made_again_and_made_up_relays_go_and_real_ones_stay",
        "local_stack/test_clean.py::"
        "test_nothing_at_all_is_removed_under_a_running_relay_and_one_that_has_ended_or_was_killed_is_none",
    ),
    "M2": (
        "a full disk",
        "local_stack/test_troubled_disk.py::"
        "test_terminal_and_log_say_why_texts_are_refused_and_when_they_are_taken_again",
        "relayctl/test_doctor_disk.py::test_a_full_disk_is_to_be_repaired",
    ),
    "M3": (
        "a Python that was upgraded, is too old or is named wrongly",
        "test_install.py::test_an_environment_of_another_python_is_made_anew_but_not_under_a_running_relay",
        "test_install.py::test_a_python_that_is_named_and_will_not_do_is_an_error_of_one_sentence",
        "local_stack/test_commands.py::"
        "test_an_environment_whose_python_was_upgraded_is_one_sentence_that_says_what_to_do",
    ),
    "M4": (
        "the clock is set while a text waits",
        "embedded/test_clock_watch.py::test_a_text_that_waits_goes_on_after_its_own_time_and_people_are_told_once",
    ),
    "M5": (
        "Ctrl-C with a text under way, on both homes",
        "local_stack/test_second_stack.py::test_a_stack_whose_emulators_forget_does_not_promise_that_texts_go_on",
        "local_stack/test_second_stack.py::test_a_running_stack_is_left_alone_by_a_second_one_and_read_by_commands",
    ),
    "M6": (
        "two stacks on one database",
        "local_stack/test_second_stack.py::test_a_second_stack_on_a_database_is_refused_with_the_first_ones_name",
    ),
    "M7": (
        "no venv, no network, and .env in another encoding or with a name given twice",
        "test_install.py::test_a_python_without_venv_is_one_sentence_that_names_the_package",
        "test_install.py::test_without_a_network_one_sentence_says_so_and_the_next_start_installs_in_one_line",
        "local_stack/test_dotenv.py::test_what_is_not_utf_8_is_one_sentence_that_says_how_to_save_it",
        "local_stack/test_dotenv.py::test_a_name_given_twice_is_one_sentence_with_both_lines",
    ),
    "M8": (
        "the log of a relay that runs for months",
        "local_stack/test_log_file.py::test_the_log_is_bounded_while_the_relay_writes_to_it",
    ),
}
