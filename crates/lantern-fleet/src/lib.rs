//! Many machines: which are meant, and one operation on all of them.
//!
//! [`NodeSet`] is what a person writes (`n[001-500]`, `10.0.[1-2].[1-9]`, `@rack7`, `^FILE`) and what
//! is read back to them. [`engine`] runs one operation on many targets, with a bound on how many are
//! under way, a deadline for each, and an end that keeps what is known. How a machine is spoken to is
//! the caller's business.

pub mod engine;
mod nodeset;

pub use nodeset::{MAX, NodeSet, NodeSetError, Nothing, Source};
