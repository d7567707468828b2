//! Which files there are, and which of them are read.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::file::File;
use crate::merge::Config;
use crate::mistake::Mistake;
use crate::origin::Layer;

/// Where files are looked for.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The machine's.
    pub system: Option<PathBuf>,
    /// The user's.
    pub user: Option<PathBuf>,
    /// Where to begin looking for a project's.
    pub project_from: Option<PathBuf>,
    /// What was named.
    pub named: Explicit,
}

/// What was said about files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Explicit {
    /// Nothing.
    #[default]
    Unsaid,
    /// Read none at all.
    Nothing,
    /// This one, over all others.
    File(PathBuf),
}

/// A place for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it would be.
    pub layer: Layer,
    /// Where it would be.
    pub path: PathBuf,
    /// Whether there is anything.
    pub exists: bool,
}

/// What a file is called.
const NAME: &str = "lantern.toml";
/// More than any such file has.
const SIZE_MAX: u64 = 16 << 20;

impl Explicit {
    /// What `text` means: `none` is none at all. (A file of that name is `./none`.)
    #[must_use]
    pub fn parse(path: PathBuf) -> Self {
        match path.as_os_str() == "none" {
            true => Self::Nothing,
            false => Self::File(path),
        }
    }
}

impl Places {
    /// Where a system keeps the machine's file.
    pub const SYSTEM: &'static str = "/etc/lantern/lantern.toml";

    /// The user's file, from `XDG_CONFIG_HOME` and `HOME`. A relative path is none, as the XDG base
    /// directory specification has it.
    #[must_use]
    pub fn user_file(config_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
        let own = config_home.filter(|path| path.is_absolute());
        let base = own.or_else(|| Some(home.filter(|path| path.is_absolute())?.join(".config")))?;
        Some(base.join("lantern").join(NAME))
    }

    /// The places, weakest first. Of a project, only the nearest directory that has a file; a file
    /// that is another one already is not a project's.
    #[must_use]
    pub fn list(&self) -> Vec<Place> {
        let place =
            |layer, path: &Path| Place { layer, path: path.to_owned(), exists: path.exists() };
        if self.named == Explicit::Nothing {
            return Vec::new();
        }
        let mut places = Vec::new();
        places.extend(self.system.iter().map(|path| place(Layer::System, path)));
        places.extend(self.user.iter().map(|path| place(Layer::User, path)));
        let named = match &self.named {
            Explicit::File(path) => Some(place(Layer::Named, path)),
            _ => None,
        };
        let is_other = |path: &Path| {
            let others = places.iter().chain(&named).filter(|place| place.exists);
            others.into_iter().any(|other| is_same(&other.path, path))
        };
        let project = self.project().filter(|path| !is_other(path));
        let project = project.map(|path| place(Layer::Project, &path));
        // A file that is named and known already is read once, and as the named one.
        if let Some(named) = named.as_ref().filter(|named| named.exists) {
            places.retain(|place| !place.exists || !is_same(&place.path, &named.path));
        }
        places.extend(project);
        places.extend(named);
        places
    }

    fn project(&self) -> Option<PathBuf> {
        let from = self.project_from.as_deref()?;
        let mut files = from.ancestors().map(|directory| directory.join(NAME));
        // A link that leads nowhere is a file that cannot be read, not none.
        files.find(|path| fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir()))
    }

    /// Reads all there is.
    #[must_use]
    pub fn load(&self) -> (Config, Vec<Mistake>) {
        let (mut files, mut mistakes, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
        for place in self.list() {
            match read(&place) {
                Ok(Some(text)) => {
                    let (file, wrong) = File::parse(&text, &place.path, place.layer);
                    files.push(file);
                    mistakes.extend(wrong);
                }
                Ok(None) => {}
                Err(Trouble::Mistake(message)) => {
                    mistakes.push(Mistake::of_file(&Arc::from(place.path), message));
                }
                Err(Trouble::Foreign(message)) => {
                    remarks.push(Mistake::of_file(&Arc::from(place.path), message));
                }
            }
        }
        let (mut config, wrong) = Config::merge(files);
        mistakes.extend(wrong);
        remarks.append(&mut config.remarks);
        config.remarks = remarks;
        (config, mistakes)
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Why a file is not read.
enum Trouble {
    Mistake(String),
    /// Somebody else's, and found by chance.
    Foreign(String),
}

/// The text; `None` if there is no file, and none is needed. The text is wiped afterwards: some
/// write secrets where none belong.
fn read(place: &Place) -> Result<Option<Zeroizing<String>>, Trouble> {
    let Place { layer, path, .. } = place;
    let unreadable = |error: io::Error| Trouble::Mistake(format!("cannot be read: {error}"));
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if *layer != Layer::Named && is_absent(&error) => return Ok(None),
        // Root's own, for example, in a directory above.
        Err(error)
            if *layer == Layer::Project && error.kind() == io::ErrorKind::PermissionDenied =>
        {
            return Err(Trouble::Foreign(format!("not read: {error}")));
        }
        Err(error) => return Err(unreadable(error)),
    };
    // Of what was opened, not of what the name stands for by now.
    let found = file.metadata().map_err(unreadable)?;
    may_be_believed(*layer, path, &found)?;
    if !found.is_file() && *layer != Layer::Named {
        return Err(Trouble::Mistake("not a file".to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(SIZE_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(Trouble::Mistake("larger than such a file can be (16 MiB)".to_owned()));
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
        Err(error) => {
            let at = error.valid_up_to();
            Err(Trouble::Mistake(format!("not text in UTF-8, from byte {at} on")))
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether it is ours, or the machine's.
fn is_ours(found: &fs::Metadata) -> bool {
    let us = rustix::process::geteuid().as_raw();
    found.uid() == us || found.uid() == 0
}

/// Whoever can write such a file can have us run programs.
fn may_be_believed(layer: Layer, path: &Path, found: &fs::Metadata) -> Result<(), Trouble> {
    const OTHERS: u32 = 0o022;
    let (name, mode) = (path.display(), found.mode() & 0o7777);
    if layer == Layer::Project
        && !(is_ours(found) && fs::symlink_metadata(path).is_ok_and(|link| is_ours(&link)))
    {
        return Err(Trouble::Foreign("not read, for it is another user's".to_owned()));
    }
    if layer != Layer::Named && !is_ours(found) {
        return Err(Trouble::Mistake("belongs to another user: not read".to_owned()));
    }
    // What it says has little weight, and a group may share a project.
    if layer == Layer::Project {
        return match mode & 0o002 {
            0 => Ok(()),
            _ => {
                Err(Trouble::Foreign(format!("not read: everybody may write it (mode {mode:04o})")))
            }
        };
    }
    if found.is_file() && mode & OTHERS != 0 {
        return Err(Trouble::Mistake(format!(
            "others than its owner may write it (mode {mode:04o}), and so have us run programs: \
             chmod go-w {name}"
        )));
    }
    Ok(())
}
