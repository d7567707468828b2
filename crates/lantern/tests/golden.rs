//! The drop-in beside the real ipmitool: each command line is run with both, on two BMCs that are the same to
//! the last bit and whose clocks and temperatures stand. What is expected always comes from the real one, in the
//! same run: standard output and exit code are to be the same, byte for byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[path = "golden/chassis.rs"]
mod chassis;
#[path = "golden/consumers.rs"]
mod consumers;
#[path = "golden/global.rs"]
mod global;
#[path = "golden/pair.rs"]
mod pair;
#[path = "golden/raw.rs"]
mod raw;
#[path = "golden/script.rs"]
mod script;
#[path = "golden/session.rs"]
mod session;
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "what starts BMCs and programs is shared with the other tests")]
mod support;

// `support` checks JSON against the schemas for other tests.
mod schemas {
    pub(crate) fn check(_: &serde_json::Value) {}
}
