//! The files of a guest, as the archive that a kernel unpacks into its memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Kit;
use crate::process;

const DIRECTORY: u32 = 0o040_755;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_777;

/// Root's password is `lantern`, and quick to check.
const SHADOW: &str = "root:$1$lantern$Et1BXGGxZyPJQflRcWJaq1:19000:0:99999:7:::\n";

/// The files of a guest.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// By path, without the first slash.
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    mode: u32,
    content: Vec<u8>,
}

impl Image {
    /// The kernel's modules, busybox, an [`Agent`](super::Agent) on the second serial port, and a
    /// login as root, with the password `lantern`, on the first. A press of the power button shuts
    /// it down. `/etc/rc` is run before any of it, if a test has put it there.
    #[must_use]
    pub fn new(kit: &Kit) -> Self {
        let mut image = Self::default();
        for directory in ["bin", "dev", "etc", "proc", "root", "run", "sbin", "sys", "tmp", "var"] {
            image.put(directory, DIRECTORY, Vec::new());
        }
        image.copy_tree(&kit.root(), "");
        image
            .file("/bin/busybox", 0o755, read(&kit.busybox()))
            .link("/bin/sh", "busybox")
            .file("/init", 0o755, include_bytes!("init.sh"))
            .file("/sbin/agent", 0o755, include_bytes!("agent.sh"))
            .file("/etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\n")
            .file("/etc/group", 0o644, "root:x:0:\n")
            .file("/etc/shadow", 0o600, SHADOW)
            .file("/etc/acpi/PWRF/00000080", 0o755, "#!/bin/sh\npoweroff -f\n")
    }

    /// Puts a file there, in place of what is there already.
    #[must_use]
    pub fn file(mut self, path: &str, permissions: u32, content: impl AsRef<[u8]>) -> Self {
        self.put(path, FILE | permissions, content.as_ref().to_vec());
        self
    }

    /// Puts a symbolic link there.
    #[must_use]
    pub fn link(mut self, path: &str, to: &str) -> Self {
        self.put(path, LINK, to.as_bytes().to_vec());
        self
    }

    /// Puts a program of this machine there, without what is for debuggers, and with the libraries
    /// that it needs.
    ///
    /// # Panics
    /// If it cannot be read, or needs what is not there.
    #[must_use]
    pub fn program(mut self, path: &str, from: &Path) -> Self {
        let content = stripped(from);
        self.put(path, FILE | 0o755, content);
        for library in libraries(from) {
            let content = read(Path::new(&library));
            self.put(&library, FILE | 0o755, content);
        }
        self
    }

    /// Writes the archive.
    ///
    /// # Panics
    /// If that fails.
    pub fn write(&self, to: &Path) {
        let mut out = BufWriter::new(fs::File::create(to).expect("the image can be made"));
        for (inode, (path, entry)) in (1..).zip(&self.entries) {
            let size = u32::try_from(entry.content.len()).expect("a file of less than 4 GiB");
            let builder = cpio::newc::Builder::new(path).ino(inode).mode(entry.mode).nlink(1);
            let mut writer = builder.write(&mut out, size);
            writer.write_all(&entry.content).expect("the image can be written");
            writer.finish().expect("the image can be written");
        }
        cpio::newc::trailer(&mut out).expect("the image can be written");
        out.flush().expect("the image can be written");
    }

    fn put(&mut self, path: &str, mode: u32, content: Vec<u8>) {
        let path = path.trim_start_matches('/');
        // The kernel makes no directories by itself.
        for (at, _) in path.match_indices('/') {
            let parent = path[..at].to_owned();
            self.entries.entry(parent).or_insert(Entry { mode: DIRECTORY, content: Vec::new() });
        }
        self.entries.insert(path.to_owned(), Entry { mode, content });
    }

    fn copy_tree(&mut self, from: &Path, below: &str) {
        for entry in fs::read_dir(from).expect("what guests are made of can be read").flatten() {
            let path = format!("{below}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => self.copy_tree(&entry.path(), &path),
                false => self.put(&path, FILE | 0o644, read(&entry.path())),
            }
        }
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// A program without symbols: what a debugger needs is most of it, and all has to be unpacked by an
/// emulated machine.
fn stripped(program: &Path) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    let to = directory.path().join("stripped");
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&to).arg(program);
    match process::run(&mut strip, Duration::from_secs(60)).is_success() {
        true => read(&to),
        // A script.
        false => read(program),
    }
}

/// The libraries of a program, by `ldd`; none if it is static or a script.
fn libraries(program: &Path) -> Vec<String> {
    let out = process::run(Command::new("ldd").arg(program), Duration::from_secs(60));
    assert!(!out.stdout.contains("not found"), "{out}");
    let words = out.stdout.split_whitespace();
    words.filter(|word| word.starts_with('/') && !word.ends_with(':')).map(str::to_owned).collect()
}
