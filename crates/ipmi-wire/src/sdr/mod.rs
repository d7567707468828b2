//! SDR
