//! What was typed before, for the arrow keys: kept between runs, for its owner's eyes alone, and
//! without what may be a secret.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// So many lines are kept.
pub(super) const LINES: usize = 1000;
/// A file that has grown beyond this is not read.
const SIZE_MAX: u64 = 4 << 20;

/// The history file.
pub(super) struct History {
    file: File,
    lines: Vec<String>,
}

impl History {
    /// The user's, if there is a place for one. What is wrong with it is no reason not to work.
    pub(super) fn open() -> Option<Self> {
        let path = path()?;
        let opened = Self::open_at(&path);
        if let Err(error) = &opened {
            tracing::debug!(path = %path.display(), %error, "there is no history");
        }
        opened.ok()
    }

    fn open_at(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let lines = match fs::metadata(path) {
            Ok(there) if there.len() <= SIZE_MAX => fs::read(path)?,
            _ => Vec::new(),
        };
        let lines = String::from_utf8_lossy(&lines);
        let lines: Vec<_> = lines.lines().map(str::to_owned).collect();
        let skip = lines.len().saturating_sub(LINES);
        let lines: Vec<_> = lines.into_iter().skip(skip).collect();
        if skip > 0 {
            // What is never shown again is not kept either.
            let temporary = path.with_extension(format!("{}.new", std::process::id()));
            let mut file = OpenOptions::new();
            let mut new =
                file.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
            lines.iter().try_for_each(|line| writeln!(new, "{line}"))?;
            fs::rename(&temporary, path)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        // It may be there already, from a time with other rights.
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(Self { file, lines })
    }

    /// What was typed before, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }

    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        // In one piece: several shells may write at a time.
        self.file.write_all(format!("{}\n", line.trim_end()).as_bytes())
    }
}

/// Whether a command may be kept: not one about secrets, and not one that its user wants forgotten.
pub(super) fn may_be_kept(line: &str) -> bool {
    // Numbers may be a password as well.
    let secret = ["pass", "secret", "kg", "key", "community", "raw"];
    let lower = line.to_lowercase();
    !line.starts_with([' ', '\t']) && !secret.iter().any(|word| lower.contains(word))
}

/// As the XDG base directories have it.
fn path() -> Option<PathBuf> {
    let directory = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let state =
        directory("XDG_STATE_HOME").or_else(|| Some(directory("HOME")?.join(".local/state")))?;
    Some(state.join("lantern").join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_for_their_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lantern/history");
        let mut history = History::open_at(&path).unwrap();
        assert!(history.lines().is_empty());
        history.append("power status").unwrap();
        history.append("sel list\n").unwrap();
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(History::open_at(&path).unwrap().lines(), ["power status", "sel list"]);
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn the_oldest_lines_go() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let text: String = (0..LINES + 5).map(|nth| format!("raw 6 {nth}\n")).collect();
        fs::write(&path, text).unwrap();
        let mut history = History::open_at(&path).unwrap();
        assert_eq!((history.lines().len(), history.lines()[0].as_str()), (LINES, "raw 6 5"));
        history.append("last").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("raw 6 5\n") && text.ends_with("\nlast\n"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_may_be_a_secret_is_not_kept() {
        assert!(may_be_kept("sensor get 'CPU1 Temp'"));
        for line in ["user set password 3 x", " power off", "user test 3 --PASSWORD x", "\tmc info"]
        {
            assert!(!may_be_kept(line), "{line}");
        }
    }
}
