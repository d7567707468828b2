//! A BMC as a pure state machine: datagrams, messages and time in; datagrams and effects out.
//!
//! [`Bmc`] holds the state; requests reach it as datagrams of a LAN channel or as bare messages;
//! each is routed to its handler by the command's own definition, which also says who may run it.
//! What the BMC is soldered to is a [`platform::Platform`]. Nothing here knows sockets, files or
//! clocks.

mod bmc;
mod chassis;
mod context;
mod dispatch;
mod handlers;
pub mod personality;
pub mod platform;
mod reservation;
mod sdr;
mod sel;
mod sensors;
mod users;

pub use bmc::{Bmc, Settings};
pub use chassis::Chassis;
pub use context::{Context, Origin};
pub use dispatch::served;
pub use sel::Sel;
pub use users::{LanPolicy, User};
