//! What was on a FRU device before it was written, should it be left half-written.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use ipmi_wire::fru::Fru;

use crate::commands::file;
use crate::output::Voice;

/// Holds what is on a device while it is written. Ctrl-C drops whatever is going on, in the middle
/// of it, too: then this puts what was there into a file.
pub(super) struct Rescue<'a> {
    id: u8,
    original: Vec<u8>,
    voice: Voice<'a>,
    needed: bool,
}

impl<'a> Rescue<'a> {
    pub(super) const fn new(id: u8, original: Vec<u8>, voice: Voice<'a>) -> Self {
        Self { id, original, voice, needed: true }
    }

    /// It is known how writing ended.
    pub(super) fn not_needed(mut self) {
        self.needed = false;
    }
}

impl Drop for Rescue<'_> {
    fn drop(&mut self) {
        if self.needed {
            let Self { id, original, voice, .. } = self;
            let next = save(*id, original);
            voice.warning(&format!("FRU device {id} may be written in part: {next}"));
        }
    }
}

/// How many were saved.
static SAVED: AtomicU32 = AtomicU32::new(0);

/// Puts what was on a device into a file: here, or else where temporary files are. What to do then.
pub(super) fn save(id: u8, original: &[u8]) -> String {
    let now = jiff::Timestamp::now().as_second();
    // Of many BMCs, more than one may come to this in the same second.
    let nth = match SAVED.fetch_add(1, Ordering::Relaxed) {
        0 => String::new(),
        nth => format!("-{nth}"),
    };
    let name = format!("lantern-fru-{id}-{now}-{}{nth}.bin", std::process::id());
    let force = if Fru::decode(original).is_err() { " --force" } else { "" };
    for path in [Path::new(&name).to_owned(), std::env::temp_dir().join(&name)] {
        if file::create(&path, original).is_ok() {
            let path = path.display();
            return format!(
                "what was on it is in {path}: 'lantern fru write {id} {path} --yes{force}' puts it back"
            );
        }
    }
    "what was on it could not be kept in a file, neither here nor among the temporary ones: write \
     it again"
        .to_owned()
}
