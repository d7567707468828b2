//! The commands, one file each, by network function.

pub mod app;
pub mod chassis;
pub mod sensor;
pub mod storage;
pub mod transport;
