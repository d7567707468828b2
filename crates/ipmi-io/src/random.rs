//! The operating system's random source.

/// Fills `bytes` with what nobody can guess.
///
/// # Panics
/// If the operating system has no randomness to give. Session keys come from here: without it there
/// is no safe way on, and no system that runs this is without it.
#[allow(clippy::expect_used, reason = "without randomness there is no safe way on")]
pub fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system's random source works");
}
