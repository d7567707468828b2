//! The areas of a FRU device, and how their fields are called.

use core::fmt;

/// An area, in the order of the common header. FRU Definition §8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// The owner's private store.
    InternalUse,
    /// The enclosure.
    Chassis,
    /// The board that carries the device.
    Board,
    /// The whole product.
    Product,
    /// A list of typed records.
    MultiRecord,
}

impl Area {
    /// All of them, in the order of the common header.
    pub const ALL: [Self; 5] =
        [Self::InternalUse, Self::Chassis, Self::Board, Self::Product, Self::MultiRecord];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InternalUse => "internal use area",
            Self::Chassis => "chassis area",
            Self::Board => "board area",
            Self::Product => "product area",
            Self::MultiRecord => "multirecord area",
        }
    }

    /// The names of the fields that the definition prescribes, in their order; those after them
    /// are the maker's own. Empty for areas without fields.
    #[must_use]
    pub const fn field_names(self) -> &'static [&'static str] {
        match self {
            Self::InternalUse | Self::MultiRecord => &[],
            Self::Chassis => &["Part Number", "Serial Number"],
            Self::Board => {
                &["Manufacturer", "Product Name", "Serial Number", "Part Number", "FRU File ID"]
            }
            Self::Product => &[
                "Manufacturer",
                "Product Name",
                "Part Number",
                "Version",
                "Serial Number",
                "Asset Tag",
                "FRU File ID",
            ],
        }
    }

    /// The name of field `index`: a prescribed one's, or "Custom" and its number from 1.
    #[must_use]
    pub fn field_name(self, index: usize) -> String {
        let names = self.field_names();
        names.get(index).map_or_else(
            || format!("Custom {}", index.saturating_sub(names.len()).saturating_add(1)),
            ToString::to_string,
        )
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_fields_are_counted_from_one() {
        assert_eq!(Area::Product.field_name(5), "Asset Tag");
        assert_eq!(Area::Product.field_name(7), "Custom 1");
        assert_eq!(Area::Chassis.field_name(3), "Custom 2");
    }
}
