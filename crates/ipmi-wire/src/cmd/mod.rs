//! The commands, one file each, by network function.

pub mod app;
pub mod chassis;
pub mod dcmi;
pub mod sensor;
pub mod storage;
pub mod transport;
