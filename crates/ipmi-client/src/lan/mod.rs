//! The LAN of a BMC: how it is reached, what it allows there, and how that is changed. IPMI v2.0
//! §23, with the IPv6 parameters of the errata.

mod channel;
mod config;
mod moved;
mod plan;
mod read;
mod set;
mod setting;
mod statistics;
#[cfg(test)]
mod tests;
mod transaction;

pub use channel::LanChannel;
pub use config::{Absent, Known, LanConfig, NoLevel, Router, SuiteLevel};
pub use moved::Reach;
pub use plan::{LanPlan, Planned, Risk};
pub use read::LanQuery;
pub use set::{Fate, LanChange, LanSet, LanSetOptions};
pub use setting::{Community, LanSetting, Place};
pub use statistics::StatisticsCleared;
