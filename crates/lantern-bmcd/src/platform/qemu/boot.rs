//! From what the machine starts: IPMI's boot flags, by QEMU's means.
//!
//! QEMU's devices have a property `bootindex`, which firmware is told at each reset (in the file
//! "bootorder" of its configuration device): SeaBIOS and OVMF both go by it. So the device that
//! is asked for gets the first place in that order, for one start, and then everything is as it was.
//! What no device stands for, such as the firmware's setup, is a matter of arguments, with which
//! QEMU is started anew.

use std::collections::BTreeMap;

use ipmi_bmc::platform::BootOrder;
use ipmi_wire::cmd::chassis::BootDevice;
use serde_json::Value;

/// How the machine is made to start from a kind of device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootMeans {
    /// The device with this ID goes first.
    Device(String),
    /// QEMU is started with these arguments besides.
    Arguments(Vec<String>),
}

/// What the configuration has to say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BootPlan {
    pub(super) means: BTreeMap<u8, BootMeans>,
    /// Arguments for a start by EFI.
    pub(super) efi: Vec<String>,
}

/// What is to be done for one start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// With which arguments besides.
    pub(super) arguments: Vec<String>,
    /// Which device goes first.
    pub(super) first: Option<First>,
}

/// Which device goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// The one with this ID.
    Id(String),
    /// The nth of its kind; 0 is the first one there is.
    Kind(Kind, u8),
}

/// A kind of device to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Network,
    Disk,
    Cd,
    Floppy,
}

impl Kind {
    pub(super) const fn of(device: BootDevice) -> Option<Self> {
        match device {
            BootDevice::PXE => Some(Self::Network),
            BootDevice::DISK => Some(Self::Disk),
            BootDevice::CD => Some(Self::Cd),
            BootDevice::FLOPPY => Some(Self::Floppy),
            _ => None,
        }
    }
}

impl BootPlan {
    /// What an order comes to.
    pub(super) fn start(&self, order: Option<BootOrder>) -> Start {
        let Some(order) = order else { return Start::default() };
        let mut start = Start::default();
        match self.means.get(&order.device.0) {
            Some(BootMeans::Arguments(arguments)) => start.arguments.clone_from(arguments),
            Some(BootMeans::Device(id)) => start.first = Some(First::Id(id.clone())),
            None => {
                let kind = Kind::of(order.device);
                start.first = kind.map(|kind| First::Kind(kind, order.instance));
            }
        }
        if order.efi {
            if self.efi.is_empty() {
                tracing::debug!("a start by EFI is asked for, and [qemu] efi says nothing of one");
            }
            start.arguments.extend(self.efi.iter().cloned());
        }
        start
    }
}

/// A device that firmware can start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bootable {
    /// Where it is in QEMU's object model.
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Its place; negative for none.
    pub(super) index: i64,
}

/// Where devices are: those with an ID, those without, and what a machine has by itself.
pub(super) const PLACES: [&str; 3] =
    ["/machine/peripheral", "/machine/peripheral-anon", "/machine/unattached"];

/// The children that `qom-list` tells of: path and type. Only so many are looked at.
pub(super) fn children(place: &str, listed: &Value) -> Vec<(String, String)> {
    const MOST: usize = 1024;
    let Some(listed) = listed.as_array() else { return Vec::new() };
    let child = |entry: &Value| {
        let name = entry.get("name")?.as_str()?;
        let kind = entry.get("type")?.as_str()?.strip_prefix("child<")?.strip_suffix('>')?;
        Some((format!("{place}/{name}"), kind.to_owned()))
    };
    listed.iter().filter_map(child).take(MOST).collect()
}

/// What kind of device this is, by its type. `has_mac` says whether it has a network address.
pub(super) fn kind_of(type_name: &str, has_mac: bool) -> Kind {
    match type_name {
        _ if has_mac => Kind::Network,
        "ide-cd" | "scsi-cd" => Kind::Cd,
        "floppy" => Kind::Floppy,
        _ => Kind::Disk,
    }
}

/// The device that is to go first: the one in the best place of those that match, or the nth.
pub(super) fn find<'a>(devices: &'a [Bootable], first: &First) -> Option<&'a Bootable> {
    match first {
        First::Id(id) => {
            let path = format!("/machine/peripheral/{id}");
            devices.iter().find(|device| device.path == path)
        }
        First::Kind(kind, instance) => {
            let mut of_kind: Vec<_> =
                devices.iter().filter(|device| device.kind == *kind).collect();
            // Those in no place come last, in their own order.
            of_kind.sort_by_key(|device| if device.index < 0 { i64::MAX } else { device.index });
            of_kind.get(usize::from(instance.saturating_sub(1))).copied()
        }
    }
}

/// The places that put `target` first: what is to be set, in this order. No two devices may have one
/// place, not even for a moment.
pub(super) fn promote(devices: &[Bootable], target: &str) -> Vec<(String, i64)> {
    let mut placed: Vec<_> = devices.iter().filter(|device| device.index >= 0).collect();
    placed.sort_by_key(|device| device.index);
    if placed.first().is_some_and(|device| device.path == target) {
        return Vec::new();
    }
    let mut set: Vec<_> = Vec::new();
    if placed.first().is_some_and(|device| device.index == 0) {
        // There is no place before the first one: all of them move back, the last one first.
        let others = placed.iter().rev().filter(|device| device.path != target);
        if placed.iter().any(|device| device.path == target) {
            set.push((target.to_owned(), -1));
        }
        set.extend(others.map(|device| (device.path.clone(), device.index.saturating_add(1))));
    }
    set.push((target.to_owned(), 0));
    set
}

/// What puts everything back to where it was.
pub(super) fn restore(devices: &[Bootable], set: &[(String, i64)]) -> Vec<(String, i64)> {
    let was = |path: &str| devices.iter().find(|device| device.path == path);
    let mut touched: Vec<_> = set.iter().filter_map(|(path, _)| was(path)).collect();
    touched.sort_by_key(|device| device.index);
    touched.dedup();
    // All that was moved leaves its place first.
    let leave = touched.iter().map(|device| (device.path.clone(), -1));
    let back = touched.iter().filter(|device| device.index >= 0);
    leave.chain(back.map(|device| (device.path.clone(), device.index))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn device(path: &str, kind: Kind, index: i64) -> Bootable {
        Bootable { path: path.to_owned(), kind, index }
    }

    /// Carries it out as QEMU does: a place that is taken is refused.
    fn carry_out(devices: &mut [Bootable], set: &[(String, i64)]) {
        for (path, index) in set {
            let is_taken = *index >= 0 && devices.iter().any(|other| other.index == *index);
            assert!(!is_taken, "{path} {index}: {devices:?}");
            devices.iter_mut().find(|device| device.path == *path).unwrap().index = *index;
        }
    }

    proptest! {
        #[test]
        fn the_one_goes_first_and_all_is_as_it_was(
            indexes in proptest::collection::btree_set(0i64..9, 0..6),
            without in 0usize..4,
            target in 0usize..9,
        ) {
            let indexes = indexes.into_iter().chain(std::iter::repeat_n(-1, without));
            let before: Vec<_> = indexes
                .enumerate()
                .map(|(n, index)| device(&format!("d{n}"), Kind::Disk, index))
                .collect();
            let Some(target) = before.get(target) else { return Ok(()) };
            let mut devices = before.clone();
            let set = promote(&before, &target.path);
            carry_out(&mut devices, &set);
            let first = devices.iter().filter(|device| device.index >= 0).min_by_key(|d| d.index);
            prop_assert_eq!(&first.unwrap().path, &target.path);
            // The others keep their order.
            let order = |devices: &[Bootable]| {
                let mut others: Vec<_> = devices
                    .iter()
                    .filter(|device| device.index >= 0 && device.path != target.path)
                    .cloned()
                    .collect();
                others.sort_by_key(|device| device.index);
                others.into_iter().map(|device| device.path).collect::<Vec<_>>()
            };
            prop_assert_eq!(order(&devices), order(&before));
            carry_out(&mut devices, &restore(&before, &set));
            prop_assert_eq!(devices, before);
        }
    }

    #[test]
    fn the_best_placed_of_a_kind_is_meant_or_the_nth() {
        let devices = [
            device("/machine/unattached/device[16]", Kind::Cd, -1),
            device("/machine/peripheral/a", Kind::Disk, -1),
            device("/machine/peripheral/b", Kind::Disk, 2),
        ];
        let path = |first| find(&devices, &first).map(|device| device.path.rsplit('/').next());
        assert_eq!(path(First::Kind(Kind::Disk, 0)), Some(Some("b")));
        assert_eq!(path(First::Kind(Kind::Disk, 1)), Some(Some("b")));
        assert_eq!(path(First::Kind(Kind::Disk, 2)), Some(Some("a")));
        assert_eq!(path(First::Kind(Kind::Disk, 3)), None);
        assert_eq!(path(First::Kind(Kind::Cd, 0)), Some(Some("device[16]")));
        assert_eq!(path(First::Kind(Kind::Network, 0)), None);
        assert_eq!(path(First::Id("a".into())), Some(Some("a")));
    }

    #[test]
    fn an_order_comes_to_a_start() {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let means = BTreeMap::from([
            (BootDevice::SETUP.0, BootMeans::Arguments(words(&["-boot", "menu=on"]))),
            (BootDevice::CD.0, BootMeans::Device("cd0".to_owned())),
        ]);
        let plan = BootPlan { means, efi: words(&["-bios", "efi.fd"]) };
        let start = |device, instance, efi| {
            plan.start(Some(BootOrder { device, instance, efi, persistent: false }))
        };
        assert_eq!(plan.start(None), Start::default());
        assert_eq!(start(BootDevice::NO_OVERRIDE, 0, false), Start::default());
        let first = Some(First::Kind(Kind::Disk, 2));
        assert_eq!(start(BootDevice::DISK, 2, false), Start { arguments: Vec::new(), first });
        let first = Some(First::Id("cd0".to_owned()));
        let arguments = words(&["-bios", "efi.fd"]);
        assert_eq!(start(BootDevice::CD, 0, true), Start { arguments, first });
        let arguments = words(&["-boot", "menu=on", "-bios", "efi.fd"]);
        assert_eq!(start(BootDevice::SETUP, 0, true), Start { arguments, first: None });
    }

    #[test]
    fn what_is_listed_may_be_anything() {
        let listed = serde_json::json!([
            {"name": "hd0", "type": "child<virtio-blk-pci>"},
            {"name": "type", "type": "string"},
            {"name": 7, "type": "child<x>"}, {}, null,
        ]);
        assert_eq!(children("/p", &listed), [("/p/hd0".into(), "virtio-blk-pci".into())]);
        assert!(children("/p", &Value::Null).is_empty());
    }
}
