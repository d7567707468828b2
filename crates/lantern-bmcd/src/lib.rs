//! A BMC as a process: its configuration, its listeners, its machine, what it keeps.
//!
//! [`Server::start`] turns a [`Config`] into a running BMC. The protocol is `ipmi-bmc`'s; here are
//! the socket, the clock and the files.

mod config;
pub mod personality;
pub mod platform;
mod server;
mod state;

pub use config::{Config, ConfigError, PersonalityName};
pub use server::{Failed, Server, StartError};
