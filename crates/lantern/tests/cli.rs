//! The program as its users meet it: words in, output and exit codes out, against a BMC that is
//! the same program in another process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests; helpers outside of test functions fail them by panicking"
)]

#[path = "cli/bridge.rs"]
mod bridge;
#[path = "cli/causes.rs"]
mod causes;
#[path = "cli/channels.rs"]
mod channels;
#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/completion.rs"]
mod completion;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/consoles.rs"]
mod consoles;
#[path = "cli/consoles_many.rs"]
mod consoles_many;
#[path = "cli/control.rs"]
mod control;
#[path = "cli/dcmi.rs"]
mod dcmi;
#[path = "cli/deaths.rs"]
mod deaths;
#[path = "cli/durability.rs"]
mod durability;
#[path = "cli/exchanges.rs"]
mod exchanges;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/firewall.rs"]
mod firewall;
#[path = "cli/forms.rs"]
mod forms;
#[path = "cli/hwmon.rs"]
mod hwmon;
#[path = "cli/inventory.rs"]
mod inventory;
#[path = "cli/lan.rs"]
mod lan;
#[path = "cli/lan_changes.rs"]
mod lan_changes;
#[path = "cli/learned.rs"]
mod learned;
#[path = "cli/log.rs"]
mod log;
#[path = "cli/login.rs"]
mod login;
#[path = "cli/many.rs"]
mod many;
#[path = "cli/nvram.rs"]
mod nvram;
#[path = "cli/outcome.rs"]
mod outcome;
#[path = "cli/pef.rs"]
mod pef;
#[path = "cli/protocols.rs"]
mod protocols;
#[path = "cli/scale.rs"]
mod scale;
#[path = "cli/schemas.rs"]
mod schemas;
#[path = "cli/scripts.rs"]
mod scripts;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/sensors.rs"]
mod sensors;
#[path = "cli/serving.rs"]
mod serving;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/sim.rs"]
mod sim;
#[path = "cli/sol.rs"]
mod sol;
#[path = "cli/sol_line.rs"]
mod sol_line;
#[path = "cli/sol_settings.rs"]
mod sol_settings;
#[path = "cli/support.rs"]
mod support;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/users.rs"]
mod users;
#[path = "cli/walkthrough.rs"]
mod walkthrough;
