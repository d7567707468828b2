//! One test for each seed of the simulation that ever failed, named for what happened then.
//! `lantern_testkit::sim` prints the line to add.
//!
//! A seed is worth as much as the scenario that it made: should `Kind` or the order in which chance
//! is drawn change, it is a run like any other, and the law that it broke is still held.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use lantern_testkit::sim::{self, Kind};

macro_rules! run {
    ($name:ident, $seed:literal, $kind:expr) => {
        #[test]
        fn $name() {
            sim::run($seed, $kind);
        }
    };
}

macro_rules! run_client {
    ($name:ident, $seed:literal, $kind:expr) => {
        #[test]
        fn $name() {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(sim::run_client($seed, $kind));
        }
    };
}

run!(seed_36_failures_late_copy_of_a_write_was_carried_out_after_a_newer_one, 36, Kind::Failures);
run!(seed_39_holes_late_copy_of_a_write_was_carried_out_after_a_newer_one, 39, Kind::Holes);
run!(seed_20_crowd_late_copy_of_a_resent_event_was_logged_again, 20, Kind::Crowd);
run!(seed_0_foreign_resent_event_was_logged_twice, 0, Kind::Foreign);
run!(seed_7_foreign_late_copy_of_a_resent_interrupt_was_carried_out_again, 7, Kind::Foreign);
run!(seed_8455_anything_write_that_was_held_back_for_13_s_undid_a_newer_one, 8455, Kind::Anything);
run_client!(seed_69_attacked_write_that_was_done_was_told_as_not_sent, 69, Kind::Attacked);
run_client!(seed_2_anything_write_that_was_done_was_told_as_not_sent, 2, Kind::Anything);
run_client!(seed_51_anything_event_that_was_logged_was_told_as_not_sent, 51, Kind::Anything);
run_client!(seed_1706_anything_write_that_was_done_was_told_as_not_sent, 1706, Kind::Anything);
run_client!(
    seed_1795004225_lossy_a_request_was_repeated_after_its_failure_was_told,
    1795004225,
    Kind::Lossy
);
