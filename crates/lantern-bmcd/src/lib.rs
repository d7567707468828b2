//! A BMC as a process: its configuration, its listeners, its machine, what it keeps.
//!
//! [`Server::start`] turns a [`Config`] into a running BMC. The protocol is `ipmi-bmc`'s; here are
//! the socket, the clock and the files.

mod acl;
mod apply;
mod config;
pub mod control;
mod fleet;
pub mod personality;
pub mod platform;
mod routes;
mod serial;
mod server;
mod store;
mod stream;
mod system_interface;

pub use config::{
    BusConfig, Config, ConfigError, Definition, Discovery, FleetConfig, FleetError, HwmonConfig,
    MachineKind, NetworkConfig, PersonalityName, QemuConfig, Quantity, SensorConfig, SensorsConfig,
    SerialConfig, SerialSource, SourceConfig, Spread, SystemInterfaceConfig, SystemInterfaceSource,
};
pub use fleet::Fleet;
pub use serial::SerialError;
pub use server::{Failed, Server, StartError};

/// What a BMC keeps, looked at from outside.
pub mod nvram {
    pub use ipmi_bmc::nvram::{KeptLog, KeptRepository, KeptSensor, KeptUser, Memory, Room};

    pub use crate::store::{Inspection, StoreError, inspect, reset};
}
