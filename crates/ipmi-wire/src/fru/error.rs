//! What can be wrong with a FRU device's contents.

use super::{Area, FieldError};

/// Why nothing can be read, or why it cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FruError {
    /// Fewer bytes than the common header has.
    #[error("only {0} bytes, the common header alone has 8")]
    TooShort(usize),
    /// The header is all 00h or all FFh: a memory that nobody has written.
    #[error("the FRU device is blank")]
    Blank,
    /// A format that nobody has defined; not FRU information at all, as a rule.
    #[error("unknown FRU format version {0}")]
    Version(u8),
    /// What is to be written does not fit.
    #[error("needs {needed} bytes, the FRU device has {size}")]
    TooLarge {
        /// Bytes needed.
        needed: usize,
        /// Bytes there are.
        size: usize,
    },
    /// An area that its length byte cannot describe: more than 2040 bytes.
    #[error("{area} takes {length} bytes, at most 2040 are possible")]
    AreaTooLong {
        /// Which.
        area: Area,
        /// Its bytes.
        length: usize,
    },
    /// An area that the common header cannot point to: past byte 2040.
    #[error("{0} would start past byte 2040, which the common header cannot say")]
    OutOfReach(Area),
    /// An area would have to give way of which nothing is known but where it starts.
    #[error("{0} is in the way, and cannot be moved as it was not read")]
    Unread(Area),
    /// There is no such area, or none that has fields.
    #[error("there is no {0} with fields")]
    NoArea(Area),
    /// There is no such field, nor is it the next one.
    #[error("{area} has {count} field(s), no field {index}")]
    NoField {
        /// Where.
        area: Area,
        /// The field asked for, from 0.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A text that no field can hold.
    #[error("{area}, field {index}: {source}")]
    Field {
        /// Where.
        area: Area,
        /// Which field, from 0.
        index: usize,
        /// Why not.
        source: FieldError,
    },
    /// A multirecord with more data than its length byte can say.
    #[error("multirecord {index} has {length} bytes, at most 255 are possible")]
    RecordTooLong {
        /// Which record, from 0.
        index: usize,
        /// Its bytes.
        length: usize,
    },
}

/// Something that is not as the definition wants it, where the rest could be read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FruFault {
    /// The common header's bytes do not sum to zero.
    #[error("common header: checksum mismatch")]
    HeaderChecksum,
    /// The header points past the end of the device: nothing of the area could be read.
    #[error("{area}: starts at byte {offset}, past the end")]
    BeyondEnd {
        /// Which.
        area: Area,
        /// Where it starts.
        offset: usize,
    },
    /// The area announces more bytes than there are; what there is was read.
    #[error("{area}: {missing} byte(s) of it are past the end")]
    PastEnd {
        /// Which.
        area: Area,
        /// How many bytes are not there.
        missing: usize,
    },
    /// The area announces more bytes than there are before the next one, and its checksum does not
    /// bear that out; it was read up to the next area.
    #[error("{0}: announces a length that runs into the next area")]
    WrongLength(Area),
    /// Two areas claim the same bytes.
    #[error("{area}: overlaps the {other}")]
    Overlap {
        /// The one that starts first.
        area: Area,
        /// The other.
        other: Area,
    },
    /// The area's bytes do not sum to zero.
    #[error("{0}: checksum mismatch")]
    Checksum(Area),
    /// The area announces no bytes at all; it was read up to its end mark.
    #[error("{0}: announces a length of zero")]
    ZeroLength(Area),
    /// The area's format version is not 1.
    #[error("{area}: unknown format version {version}")]
    Version {
        /// Which.
        area: Area,
        /// The version it names.
        version: u8,
    },
    /// Nothing in the area makes sense, or it is blank: it was left out.
    #[error("{0}: unreadable")]
    Unreadable(Area),
    /// Nothing marks the end of the fields.
    #[error("{0}: no end mark after the fields")]
    MissingEndMark(Area),
    /// The end mark comes before all prescribed fields did. Dell's R610 does that.
    #[error("{area}: ends after {fields} of the prescribed fields")]
    EarlyEnd {
        /// Which.
        area: Area,
        /// How many fields there are.
        fields: usize,
    },
    /// A field announces more bytes than the area has left; what there is was read.
    #[error("{area}: field {index} is cut short by {missing} byte(s)")]
    FieldCut {
        /// Where.
        area: Area,
        /// Which field, from 0.
        index: usize,
        /// How many bytes are not there.
        missing: usize,
    },
    /// There are bytes after the end mark that are no filling. They are kept.
    #[error("{area}: {count} byte(s) after the end mark")]
    TrailingBytes {
        /// Where.
        area: Area,
        /// How many.
        count: usize,
    },
    /// The chassis type is 0: not specified, which the definition does not allow.
    #[error("chassis area: no chassis type")]
    NoChassisType,
    /// A multirecord's data does not sum to zero with its checksum.
    #[error("multirecord {0}: checksum mismatch")]
    RecordChecksum(usize),
    /// A multirecord's header does not sum to zero.
    #[error("multirecord {0}: header checksum mismatch")]
    RecordHeader(usize),
    /// A multirecord runs past the end.
    #[error("multirecord {index}: cut short by {missing} byte(s)")]
    RecordCut {
        /// Which, from 0.
        index: usize,
        /// How many bytes are not there.
        missing: usize,
    },
    /// No multirecord says that it is the last.
    #[error("multirecord area: no record is marked as the last")]
    NoLastRecord,
}

impl FruFault {
    /// The area that it is about; none for the common header.
    #[must_use]
    pub const fn area(self) -> Option<Area> {
        match self {
            Self::HeaderChecksum => None,
            Self::BeyondEnd { area, .. }
            | Self::PastEnd { area, .. }
            | Self::Overlap { area, .. }
            | Self::Checksum(area)
            | Self::ZeroLength(area)
            | Self::WrongLength(area)
            | Self::Version { area, .. }
            | Self::Unreadable(area)
            | Self::MissingEndMark(area)
            | Self::EarlyEnd { area, .. }
            | Self::FieldCut { area, .. }
            | Self::TrailingBytes { area, .. } => Some(area),
            Self::NoChassisType => Some(Area::Chassis),
            Self::RecordChecksum(_)
            | Self::RecordHeader(_)
            | Self::RecordCut { .. }
            | Self::NoLastRecord => Some(Area::MultiRecord),
        }
    }

    /// Whether it leaves open where `area` ends.
    pub(super) fn blurs(self, area: Area) -> bool {
        match self {
            Self::PastEnd { area: other, .. }
            | Self::ZeroLength(other)
            | Self::WrongLength(other) => other == area,
            Self::Overlap { area: first, other } => first == area || other == area,
            _ => false,
        }
    }

    /// Whether it says nothing about the data: makers depart from the definition this way, and
    /// what was read is whole all the same.
    #[must_use]
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::EarlyEnd { .. } | Self::NoChassisType | Self::TrailingBytes { .. })
    }
}
