//! What the daemon's machines are: their sensors, their SDRs, their identity, their past.

pub mod reference;
pub mod sensors;
