//! What every fuzz target asserts, written once: see [`round_trip`], [`packets`], [`registry`],
//! [`records`], [`nodeset`], [`secrets`], [`kept`], [`line`], [`vm`] and [`ends`].
//!
//! The contract under attack is the one in `ipmi_wire::codec`: no decoder panics, whatever the
//! bytes; and what it accepts it can encode again, to bytes that decode to the same value.

pub mod ends;
pub mod kept;
pub mod line;
pub mod nodeset;
pub mod packets;
pub mod records;
pub mod registry;
pub mod secrets;
pub mod vm;

use std::fmt::Debug;

use ipmi_wire::{Decode, Encode, Reader};

/// Declares the fuzz target of a function that takes bytes.
#[macro_export]
macro_rules! target {
    ($function:expr) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $function(data));
    };
}

/// Decodes; what was accepted must encode, and decode to the same value, using up all its bytes.
pub fn round_trip<T: Decode + Encode + PartialEq + Debug>(data: &[u8]) {
    let mut reader = Reader::new(data);
    let Ok(value) = T::decode(&mut reader) else {
        return;
    };
    let bytes = value.to_bytes();
    let again = T::decode_exact(&bytes);
    assert_eq!(again.as_ref(), Ok(&value), "encoded as {bytes:02x?}");
}
