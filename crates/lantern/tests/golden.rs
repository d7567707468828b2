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

#[path = "golden/between.rs"]
mod between;
#[path = "golden/bridge.rs"]
mod bridge;
#[path = "golden/bytes.rs"]
mod bytes;
#[path = "golden/channel.rs"]
mod channel;
#[path = "golden/chassis.rs"]
mod chassis;
#[path = "golden/console.rs"]
mod console;
#[path = "golden/consumers/mod.rs"]
mod consumers;
#[path = "golden/dcmi.rs"]
mod dcmi;
#[path = "golden/event.rs"]
mod event;
#[path = "golden/firewall.rs"]
mod firewall;
#[path = "golden/foreign.rs"]
mod foreign;
#[path = "golden/fru.rs"]
mod fru;
#[path = "golden/global.rs"]
mod global;
#[path = "golden/i2c.rs"]
mod i2c;
#[path = "golden/lan.rs"]
mod lan;
#[path = "golden/lan6.rs"]
mod lan6;
#[path = "golden/login.rs"]
mod login;
#[path = "golden/lost.rs"]
mod lost;
#[path = "golden/makers.rs"]
mod makers;
#[path = "golden/mc.rs"]
mod mc;
#[path = "golden/pair.rs"]
mod pair;
#[path = "golden/pef.rs"]
mod pef;
#[path = "golden/raw.rs"]
mod raw;
#[path = "golden/reach.rs"]
mod reach;
#[path = "golden/refused.rs"]
mod refused;
#[path = "golden/script.rs"]
mod script;
#[path = "golden/sdr.rs"]
mod sdr;
#[path = "golden/sel.rs"]
mod sel;
#[path = "golden/sensor.rs"]
mod sensor;
#[path = "golden/session.rs"]
mod session;
#[path = "golden/sol.rs"]
mod sol;
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "what starts BMCs and programs is shared with the other tests")]
mod support;
#[path = "golden/user.rs"]
mod user;

// `support` checks JSON against the schemas for other tests.
mod schemas {
    pub(crate) fn check(_: &serde_json::Value) {}
}
