//! What is kept on disks: a BMC's values, the file of an earlier version of it, a client's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ipmi_bmc::nvram::{Key, Memory, Room};
use ipmi_client::Cache;
use lantern_bmcd::nvram::inspect;
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};

/// A BMC's store: rooms, keys, lengths and values. What is understood starts a BMC.
pub fn memory(data: &[u8]) {
    let mut values = Vec::new();
    let mut rest = data;
    while let [room, a, b, c, d, length, tail @ ..] = rest {
        let (value, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        let Some(room) = Room::from_number(room % 16) else { continue };
        values.push((Key { room, number: u32::from_le_bytes([*a, *b, *c, *d]) }, value));
    }
    match Memory::decode(values) {
        Ok(memory) => crate::ends::start_with(memory),
        Err(error) => drop(error.to_string()),
    }
}

/// `bmc-state.toml` of an earlier version, imported once.
pub fn state_file(data: &[u8]) {
    let directory = room().join("state");
    write(&directory, "bmc-state.toml", data);
    match inspect(&directory) {
        Ok(found) => drop(found.map(|found| crate::ends::start_with(found.memory))),
        Err(error) => drop(error.to_string()),
    }
}

/// An index file of the client's cache, under a hash that fits and under one that does not.
pub fn cache(data: &[u8]) {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime")
    });
    let directory = room().join("cache");
    let whole = [b"LNTRNIX\x01".as_slice(), data].concat();
    let content = [whole.as_slice(), Sha256::digest(&whole).as_slice()].concat();
    write(&directory.join("v1/bmc"), "whole", &content);
    write(&directory.join("v1/bmc"), "bare", data);
    let removed = runtime.block_on(Cache::at(&directory).prune(Duration::from_secs(3600)));
    assert_eq!(removed.expect("it can be read"), 0, "new files are no old ones");
}

/// A directory of this process. `cargo xtask fuzz` sees to it that it is in memory, and goes.
fn room() -> &'static PathBuf {
    static ROOM: OnceLock<PathBuf> = OnceLock::new();
    ROOM.get_or_init(|| std::env::temp_dir().join(format!("lantern-fuzz-{}", std::process::id())))
}

fn write(directory: &Path, name: &str, content: &[u8]) {
    let path = directory.join(name);
    if fs::write(&path, content).is_err() {
        fs::create_dir_all(directory).expect("a directory");
        fs::write(path, content).expect("a file");
    }
}
