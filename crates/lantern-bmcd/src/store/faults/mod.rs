//! A disk whose power fails: every cut of a load that a power failure could make, replayed.
//!
//! A [`Tape`] records what the store writes. Between two syncs the disk may do what it likes with
//! it: leave it out, reorder it, tear it between any two bytes. [`sweep`] builds such images for
//! each write and each sync, and opens each: what was acknowledged has to be there wholly, what was
//! not has to be there wholly or not at all.

mod damage;
mod load;
mod power;
mod tape;
mod trouble;

pub(crate) use load::{Load, apply};
pub(crate) use trouble::Script;
