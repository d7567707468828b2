//! What is kept of one BMC, as bytes: everything but the records, which it names by their hash.

use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::{DeviceId, Guid};
use ipmi_wire::cmd::sensor::{DeviceSdrInfo, SensorReadingFactors};
use ipmi_wire::cmd::storage::SdrRepositoryInfo;
use ipmi_wire::{Channel, CompletionCode, Decode, DecodeError, Encode, Reader};
use sha2::{Digest as _, Sha256};

use crate::location::Location;
use crate::memory::Sizes;
use crate::sdr::{Known, Population, SdrSource, Stamp};
use crate::sensors::KnownFactors;
use crate::together::Trust;
use crate::walk::{Ending, ReadSize};

/// Which BMC: its GUID together with its address. GUIDs alone are not always unique, for board
/// makers forget to set them; addresses alone are given to another machine some day. A BMC that
/// moves is read once more, and then finds its set of records there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    guid: Option<Guid>,
    location: Location,
    /// The way from there.
    route: Option<Route>,
}

/// What is known of a BMC.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) known: Known,
    pub(crate) sizes: Sizes,
    pub(crate) factors: KnownFactors,
}

/// An entry without its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) stamp: Stamp,
    pub(super) read: SystemTime,
    pub(super) sizes: Sizes,
    pub(super) source: SdrSource,
    pub(super) ending: Ending,
    pub(super) set: Hash,
    pub(super) factors: KnownFactors,
}

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// The kind of address that a device node is.
const DEVICE: u8 = 1;

/// What an index file begins with; the last byte is the version of its format.
const MAGIC: [u8; 8] = *b"LNTRNIX\x03";

impl Key {
    pub(crate) fn new(guid: Option<Guid>, mut location: Location) -> Self {
        if let Location::Lan(SocketAddr::V6(address)) = &mut location {
            // A label on packets, no part of who is meant.
            address.set_flowinfo(0);
        }
        Self { guid, location, route: None }
    }

    /// A controller behind the BMC, if there is a way.
    pub(crate) fn with_route(self, route: Option<Route>) -> Self {
        // Whom messages name as their sender makes no difference.
        Self { route: route.map(|route| Route { local_address: None, ..route }), ..self }
    }

    /// Whether another machine at the same address would show: not if the GUID is one that many
    /// have.
    pub(crate) fn is_an_identity(&self) -> bool {
        self.guid.is_some_and(|guid| !is_shared(guid))
    }

    /// Whether the BMC was there.
    pub(super) fn is_at(&self, location: &Location) -> bool {
        self.route.is_none() && self.location == Self::new(None, location.clone()).location
    }

    /// A file name: from everything that the key consists of.
    pub(super) fn file_name(&self) -> String {
        hex(hash(&self.to_bytes()).get(..16).unwrap_or_default())
    }
}

/// GUIDs that say nothing: one byte repeated (00h, FFh, spaces), bytes that count up, and what
/// firmware and tools ship as an example.
fn is_shared(guid: Guid) -> bool {
    let Guid(bytes) = guid;
    let same = bytes.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let counts = bytes.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b));
    let mut reversed = bytes;
    reversed.reverse();
    same || counts || EXAMPLES.contains(&bytes) || EXAMPLES.contains(&reversed)
}

/// The UUID of AMI's reference BIOS, 03000200-0400-0500-0006-000700080009, as text and as SMBIOS
/// has it; and the one in the sample configuration of OpenIPMI's `ipmi_sim`.
const EXAMPLES: [[u8; 16]; 3] = [
    [3, 0, 2, 0, 4, 0, 5, 0, 0, 6, 0, 7, 0, 8, 0, 9],
    [0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9],
    [
        0xa1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xa1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
        0xef,
    ],
];

impl Encode for Key {
    fn encode(&self, out: &mut Vec<u8>) {
        match self.guid {
            Some(Guid(bytes)) => {
                out.push(1);
                out.extend(bytes);
            }
            None => out.push(0),
        }
        encode_location(&self.location, out);
        let hops = self.route.map(|route| [Some(route.target), route.transit]);
        let hops = hops.into_iter().flatten().flatten();
        out.push(u8::try_from(hops.clone().count()).unwrap_or_default());
        for Hop { channel, address } in hops {
            out.extend([channel.number(), address]);
        }
    }
}

impl Decode for Key {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let guid = match r.u8("whether there is a GUID")? {
            0 => None,
            _ => Some(Guid::decode(r)?),
        };
        let location = decode_location(r)?;
        let hop = |r: &mut Reader<'_>| {
            let [channel, address] = r.array("hop")?;
            Ok(Hop { channel: Channel::new(channel), address })
        };
        let route = match r.u8("hops")? {
            0 => None,
            1 => Some(Route::to(hop(r)?)),
            _ => {
                let (target, transit) = (hop(r)?, Some(hop(r)?));
                Some(Route { target, transit, local_address: None })
            }
        };
        Ok(Self { guid, location, route })
    }
}

fn encode_location(location: &Location, out: &mut Vec<u8>) {
    let address = match location {
        Location::Lan(address) => *address,
        Location::Device(node) => {
            let path = node.as_os_str().as_bytes();
            let length = path.len().min(usize::from(u16::MAX));
            out.push(DEVICE);
            out.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
            out.extend(path.iter().take(length));
            return;
        }
    };
    match address.ip() {
        IpAddr::V4(ip) => {
            out.push(4);
            out.extend(ip.octets());
        }
        IpAddr::V6(ip) => {
            out.push(6);
            out.extend(ip.octets());
        }
    }
    // The same link-local address may be on several interfaces.
    let scope = match address {
        SocketAddr::V6(address) => address.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    out.extend(scope.to_le_bytes());
    out.extend(address.port().to_le_bytes());
}

fn decode_location(r: &mut Reader<'_>) -> Result<Location, DecodeError> {
    let ip = match r.u8("kind of address")? {
        DEVICE => {
            let length = usize::from(r.u16("length of path")?);
            let path = r.bytes("path", length)?;
            return Ok(Location::Device(Path::new(OsStr::from_bytes(path)).into()));
        }
        4 => IpAddr::from(r.array::<4>("address")?),
        _ => IpAddr::from(r.array::<16>("address")?),
    };
    let scope = r.u32("scope")?;
    let port = r.u16("port")?;
    Ok(Location::Lan(match ip {
        IpAddr::V4(_) => SocketAddr::new(ip, port),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, scope).into(),
    }))
}

impl Index {
    /// The whole file. The key is in it, so that a file under the wrong name is noticed.
    pub(super) fn to_file(&self, key: &Key) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        key.encode(&mut out);
        self.encode(&mut out);
        let check = hash(&out);
        out.extend(check);
        out
    }

    /// From the whole file; an error if it is anything but what was written for `key`.
    pub(super) fn from_file(bytes: &[u8], key: &Key) -> Result<Self, DecodeError> {
        let (found, index) = Self::of_anyone(bytes)?;
        if found == *key { Ok(index) } else { Err(DecodeError::Invalid { field: "key", value: 0 }) }
    }

    /// From the whole file, and whose it is.
    pub(super) fn of_anyone(bytes: &[u8]) -> Result<(Key, Self), DecodeError> {
        const CHECK: usize = size_of::<Hash>();
        let at = bytes.len().saturating_sub(CHECK);
        let (content, check) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
        if check != hash(content) {
            return Err(DecodeError::Invalid { field: "check", value: 0 });
        }
        let mut r = Reader::new(content);
        if r.array("magic")? != MAGIC {
            return Err(DecodeError::Invalid { field: "magic", value: 0 });
        }
        let key = Key::decode(&mut r)?;
        Ok((key, Self::decode(&mut r)?))
    }
}

impl Encode for Index {
    fn encode(&self, out: &mut Vec<u8>) {
        let seconds = self.read.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        out.extend(seconds.to_le_bytes());
        let Sizes { repository, device, log, fru, trust } = self.sizes;
        out.extend([repository.to_byte(), device.to_byte(), log.to_byte(), fru, trust.to_byte()]);
        out.extend(self.set);
        with_length(&self.stamp.device, out);
        match &self.stamp.population {
            Population::Repository(info) => {
                out.push(0);
                with_length(info, out);
            }
            Population::Device(info) => {
                out.push(1);
                with_length(info, out);
            }
        }
        out.push(match self.source {
            SdrSource::Repository => 0,
            SdrSource::Device => 1,
        });
        match &self.ending {
            Ending::Complete | Ending::Changing => out.push(0),
            Ending::Unreadable { record_id, completion, why } => {
                out.push(1);
                out.extend(record_id.to_le_bytes());
                out.push(completion.map_or(0, |code| code.0));
                // Longer than 64 KiB no message is.
                let why: Vec<u8> = why.bytes().take(usize::from(u16::MAX)).collect();
                out.extend(u16::try_from(why.len()).unwrap_or(0).to_le_bytes());
                out.extend(why);
            }
            Ending::Loop { record_id } => {
                out.push(2);
                out.extend(record_id.to_le_bytes());
            }
        }
        // There is at most one for each LUN, number and reading.
        for ((lun, number), ranges) in &self.factors {
            for (raw, factors) in ranges {
                out.extend([*lun, *number, *raw]);
                with_length(factors, out);
            }
        }
    }
}

impl Decode for Index {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let seconds = u64::from_le_bytes(r.array("time")?);
        let read = UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .ok_or(DecodeError::Invalid { field: "time", value: u32::MAX })?;
        let [repository, device, log, fru, trust] = r.array("sizes")?;
        let set = r.array("hash of the records")?;
        let id = of_length::<DeviceId>(r)?;
        let population = match r.u8("kind of population")? {
            0 => Population::Repository(of_length::<SdrRepositoryInfo>(r)?),
            1 => Population::Device(of_length::<DeviceSdrInfo>(r)?),
            other => return Err(DecodeError::Invalid { field: "population", value: other.into() }),
        };
        Ok(Self {
            stamp: Stamp { device: id, population },
            read,
            sizes: Sizes {
                repository: ReadSize::from_byte(repository),
                device: ReadSize::from_byte(device),
                log: ReadSize::from_byte(log),
                fru,
                trust: Trust::from_byte(trust),
            },
            source: match r.u8("source")? {
                0 => SdrSource::Repository,
                1 => SdrSource::Device,
                other => return Err(DecodeError::Invalid { field: "source", value: other.into() }),
            },
            ending: match r.u8("ending")? {
                0 => Ending::Complete,
                1 => {
                    let record_id = r.u16("last record")?;
                    let code = r.u8("completion code")?;
                    let length = r.u16("length of why")?;
                    let why = r.bytes("why", length.into())?;
                    Ending::Unreadable {
                        record_id,
                        completion: (code != 0).then_some(CompletionCode(code)),
                        why: String::from_utf8_lossy(why).into_owned(),
                    }
                }
                2 => Ending::Loop { record_id: r.u16("last record")? },
                other => return Err(DecodeError::Invalid { field: "ending", value: other.into() }),
            },
            set,
            factors: {
                let mut factors = KnownFactors::default();
                while !r.is_empty() {
                    let [lun, number, raw] = r.array("sensor of factors")?;
                    let asked = of_length::<SensorReadingFactors>(r)?;
                    factors.entry((lun, number)).or_default().push((raw, asked));
                }
                factors
            },
        })
    }
}

/// Answers of BMCs may be longer or shorter: their length goes first.
fn with_length(value: &impl Encode, out: &mut Vec<u8>) {
    let bytes = value.to_bytes();
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend(bytes);
}

fn of_length<T: Decode>(r: &mut Reader<'_>) -> Result<T, DecodeError> {
    let length = r.u8("length")?;
    T::decode_exact(r.bytes("answer", length.into())?)
}

pub(super) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_that_many_have_are_no_identity() {
        let key = |guid| Key::new(guid, ([192, 0, 2, 1], 623).into());
        let mut counting = [0; 16];
        counting.iter_mut().zip(0x10..).for_each(|(byte, n)| *byte = n);
        let [ami, smbios, sim] = EXAMPLES;
        let mut turned = ami;
        turned.reverse();
        for guid in [[0; 16], [0xff; 16], [0x20; 16], counting, ami, smbios, sim, turned] {
            assert!(!key(Some(Guid(guid))).is_an_identity(), "{guid:02x?}");
        }
        assert!(!key(None).is_an_identity());
        counting[3] = 0;
        assert!(key(Some(Guid(counting))).is_an_identity());
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let guid = |n| Some(Guid([n; 16]));
        let keys = [
            Key::new(None, ([192, 0, 2, 1], 623).into()),
            Key::new(guid(1), ([192, 0, 2, 1], 623).into()),
            Key::new(guid(2), ([192, 0, 2, 1], 623).into()),
            Key::new(guid(1), ([192, 0, 2, 2], 623).into()),
            Key::new(guid(1), ([192, 0, 2, 1], 624).into()),
            Key::new(guid(1), ([0xfe80, 0, 0, 0, 0, 0, 0, 1], 623).into()),
            Key::new(guid(1), Location::Lan("[fe80::1%2]:623".parse().unwrap())),
        ];
        let names: std::collections::HashSet<_> = keys.iter().map(Key::file_name).collect();
        assert_eq!(names.len(), keys.len());
    }
}
