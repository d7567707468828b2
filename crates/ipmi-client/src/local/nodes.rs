//! Device nodes: which there are, whose they are, who may open them.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;

use super::Machine;

/// A device node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is a character device, which a file of this name need not be.
    pub is_device: bool,
    /// Its owner's number, and the name if there is one.
    pub owner: (u32, Option<String>),
    /// Its group's.
    pub group: (u32, Option<String>),
    /// Who may do what: nine bits.
    pub mode: u32,
}

impl Node {
    /// `crw-rw----`, as `ls -l` has it.
    #[must_use]
    pub fn permissions(&self) -> String {
        let bits = (0u32..9).rev().map(|bit| {
            let letter = ['r', 'w', 'x'].into_iter().rev().cycle().nth(bit as usize);
            let on = self.mode >> bit & 1 == 1;
            letter.filter(|_| on).unwrap_or('-')
        });
        std::iter::once(if self.is_device { 'c' } else { '-' }).chain(bits).collect()
    }

    /// Its owner, as people write it.
    #[must_use]
    pub fn owner(&self) -> String {
        named(&self.owner)
    }

    /// Its group, as people write it.
    #[must_use]
    pub fn group(&self) -> String {
        named(&self.group)
    }
}

fn named((number, name): &(u32, Option<String>)) -> String {
    name.clone().unwrap_or_else(|| number.to_string())
}

/// The names that the node of this number may have.
#[must_use]
pub fn node_names(number: u32) -> Vec<PathBuf> {
    ["/dev/ipmi", "/dev/ipmi/", "/dev/ipmidev/"]
        .into_iter()
        .map(|stem| PathBuf::from(format!("{stem}{number}")))
        .collect()
}

/// All there are.
pub(super) fn all(machine: &Machine) -> Vec<Node> {
    let numbered = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let plain = machine.names("/dev").into_iter();
    let plain = plain.filter(|name| name.strip_prefix("ipmi").is_some_and(numbered));
    let plain = plain.map(|name| format!("/dev/{name}"));
    let below = ["/dev/ipmi", "/dev/ipmidev"].into_iter().flat_map(|directory| {
        let names = machine.names(directory).into_iter().filter(|name| numbered(name));
        names.map(move |name| format!("{directory}/{name}"))
    });
    plain.chain(below).filter_map(|path| node(machine, path.into())).collect()
}

/// The node at `path`, if there is one.
pub(super) fn node(machine: &Machine, path: PathBuf) -> Option<Node> {
    let metadata = std::fs::metadata(machine.path(&path)).ok()?;
    let name = |file: &str, number: u32| {
        let list = machine.text(file)?;
        let mut entries = list.lines().map(|line| line.split(':'));
        entries.find_map(|mut fields| {
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
        })
    };
    let (uid, gid) = (metadata.uid(), metadata.gid());
    Some(Node {
        path,
        is_device: metadata.file_type().is_char_device(),
        owner: (uid, name("/etc/passwd", uid)),
        group: (gid, name("/etc/group", gid)),
        mode: metadata.mode() & 0o777,
    })
}
