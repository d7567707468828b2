//! A field of a FRU device by its name: `product.serial`.

use ipmi_wire::fru::Area;

use crate::error::Error;

/// The field that is meant, and its new text: from `AREA.FIELD VALUE` or `AREA FIELD VALUE`.
pub(super) fn parse(words: &[String]) -> Result<(Area, usize, &str), Error> {
    let (area, field, value) = match words {
        [place, value] => {
            let (area, field) = place.split_once('.').ok_or_else(|| {
                Error::usage(format!("'{place}' is no field"))
                    .next("write AREA.FIELD: product.serial")
            })?;
            (area, field, value)
        }
        [area, field, value] => (area.as_str(), field.as_str(), value),
        _ => return Err(Error::usage("a field and its new text are needed")),
    };
    let area = match area.to_ascii_lowercase().as_str() {
        "chassis" => Area::Chassis,
        "board" => Area::Board,
        "product" => Area::Product,
        other => {
            return Err(Error::usage(format!("'{other}' is no area with fields"))
                .next("chassis, board or product"));
        }
    };
    let index = index(area, field).ok_or_else(|| {
        Error::usage(format!("'{field}' is no field of the {area}"))
            .next(format!("{}, custom1, custom2, ...", names(area).join(", ")))
    })?;
    Ok((area, index, value))
}

/// What the fields are called here, in their order.
const fn names(area: Area) -> &'static [&'static str] {
    match area {
        Area::Chassis => &["part", "serial"],
        Area::Board => &["manufacturer", "product", "serial", "part", "file"],
        Area::Product => &["manufacturer", "name", "part", "version", "serial", "asset", "file"],
        Area::InternalUse | Area::MultiRecord => &[],
    }
}

fn index(area: Area, field: &str) -> Option<usize> {
    let field = field.to_ascii_lowercase().replace(['-', ' '], "_");
    if let Some(number) = field.strip_prefix("custom") {
        let number: usize = number.trim_start_matches('_').parse().ok()?;
        return names(area).len().checked_add(number)?.checked_sub(1).filter(|_| number > 0);
    }
    // `serial_number`, `part_number`, `asset_tag`, `product_name`, `fru_file_id`.
    let short = ["_number", "_tag", "_name", "_id"].iter().find_map(|end| field.strip_suffix(end));
    let short = short.unwrap_or(&field).trim_start_matches("fru_");
    names(area).iter().position(|name| *name == field || *name == short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Option<(Area, usize)> {
        let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
        parse(&words).ok().map(|(area, index, _)| (area, index))
    }

    #[test]
    fn names_are_as_long_as_they_are_typed() {
        assert_eq!(found("product.serial X"), Some((Area::Product, 4)));
        assert_eq!(found("product serial-number X"), Some((Area::Product, 4)));
        assert_eq!(found("Product.asset_tag X"), Some((Area::Product, 5)));
        assert_eq!(found("board.product_name X"), Some((Area::Board, 1)));
        assert_eq!(found("board.fru_file_id X"), Some((Area::Board, 4)));
        assert_eq!(found("chassis.part X"), Some((Area::Chassis, 0)));
        assert_eq!(found("chassis.custom1 X"), Some((Area::Chassis, 2)));
        assert_eq!(found("board custom2 X"), Some((Area::Board, 6)));
        for wrong in ["product X", "product.colour X", "internal.x X", "board.custom0 X", "x"] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_prescribed_field_has_a_name() {
        for area in [Area::Chassis, Area::Board, Area::Product] {
            assert_eq!(names(area).len(), area.field_names().len());
        }
    }
}
