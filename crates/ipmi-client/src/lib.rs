//! What an administrator does to a BMC.
//!
//! An [`Endpoint`] is one UDP socket that carries any number of sessions; a [`Bmc`] is a cheap
//! handle to one controller through it. `bmc.send(&GetDeviceId).await?` returns a `DeviceId`;
//! the modules below add what takes more than one command.
//!
//! ```no_run
//! # async fn example() -> Result<(), ipmi_client::Error> {
//! use ipmi_client::{Bmc, Credentials, Endpoint};
//! use ipmi_wire::cmd::app::GetDeviceId;
//!
//! let endpoint = Endpoint::bind()?;
//! let credentials = Credentials::new(b"admin", b"secret").expect("16 and 20 bytes at most");
//! let bmc = Bmc::new(&endpoint, "192.0.2.1:623".parse().expect("an address"), credentials);
//! println!("firmware {}", bmc.send(&GetDeviceId).await?.firmware_major);
//! bmc.close().await;
//! # Ok(())
//! # }
//! ```

mod advice;
mod bmc;
mod cache;
pub mod channels;
pub mod chassis;
pub mod controller;
pub mod dcmi;
mod device;
mod endpoint;
mod erase;
mod error;
pub mod event;
#[cfg(test)]
mod fake;
pub mod firewall;
pub mod fru;
pub mod lan;
mod learned;
pub mod local;
mod location;
mod memory;
pub mod outcome;
pub mod pef;
mod power;
pub mod sdr;
pub mod sel;
pub mod sensors;
pub mod sessions;
pub mod settings;
pub mod sol;
mod together;
pub mod users;
mod walk;
mod written;

pub use advice::{Advice, Cause};
pub use bmc::{Bmc, Credentials, Habits, SessionInfo};
pub use cache::Cache;
pub use device::{Device, Events, Node};
pub use endpoint::{Endpoint, Incoming, Wire};
pub use error::{Error, ErrorKind};
pub use ipmi_session::console::{
    Agreed, Failure, Presence, Protocol, SessionError, Stage, Unreachable,
};
pub use ipmi_session::{Lessons, Quirk, Quirks, Secret, Timing};
pub use learned::Learned;
pub use location::Location;
pub use together::Window;
pub use walk::Ending;
pub use written::{Told, Written};
