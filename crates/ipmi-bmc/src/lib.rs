//! A BMC as a pure state machine: datagrams, messages and time in; datagrams and effects out.
//!
//! [`Bmc`] holds the state; requests reach it as datagrams of a LAN channel or as bare messages;
//! each is routed to its handler by the command's own definition, which also says who may run it.
//! What the BMC is soldered to is a [`platform::Platform`]. Nothing here knows sockets, files or
//! clocks.

mod acpi;
mod admission;
mod attention;
mod bmc;
mod boot;
mod channels;
mod chassis;
mod claim;
mod clock;
mod context;
mod dcmi;
mod dispatch;
pub mod faults;
pub mod feed;
mod firewall;
mod fru;
mod handlers;
pub mod inspect;
mod lan;
mod machine;
mod messages;
pub mod nvram;
pub mod panel;
mod partial;
mod pef;
pub mod personality;
pub mod platform;
mod queue;
mod reservation;
mod sdr;
mod sel;
pub mod sensors;
pub mod serial;
mod sol;
mod system_info;
mod system_interface;
mod users;
pub mod vm;
mod watchdog;

pub use attention::Attention;
pub use bmc::{Answer, Bmc, Held, HeldAnswer, Reply, Settings};
pub use chassis::Chassis;
pub use context::{Context, Origin};
pub use dispatch::served;
pub use fru::FruDevice;
pub use lan::{Dynamic6, Lease, Network, NetworkSettings, Router6, Static6};
pub use sel::{LogPolicy, Sel, WhenFull};
pub use system_interface::SystemInterfaceKind;
pub use users::{BadPasswordPolicy, LanPolicy, User};
