//! Full sensor records: one sensor with its conversion factors and thresholds.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::record::Body;
use crate::sdr::{Factors, IdString, RawThresholds, RecordHeader, SensorCommon};

/// A full sensor record, type 01h. IPMI v2.0 §43.1.
///
/// Readings, limits and thresholds are raw: [`value`](Self::value) converts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullSensor {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// What all sensors have.
    pub sensor: SensorCommon,
    /// How raw readings become values.
    pub factors: Factors,
    /// Which of the next three fields are given.
    pub analog: AnalogCharacteristics,
    /// The reading to expect.
    pub nominal_reading: u8,
    /// The highest normal reading.
    pub normal_max: u8,
    /// The lowest normal reading.
    pub normal_min: u8,
    /// The highest reading there can be.
    pub sensor_max: u8,
    /// The lowest reading there can be.
    pub sensor_min: u8,
    /// Thresholds after initialization; the present ones may differ.
    pub thresholds: RawThresholds,
    /// Hysteresis of thresholds that are exceeded upwards, in raw counts; 0 is none.
    pub positive_hysteresis: u8,
    /// Hysteresis of thresholds that are exceeded downwards, in raw counts; 0 is none.
    pub negative_hysteresis: u8,
    /// The manufacturer's own.
    pub oem: u8,
    /// Name.
    pub id: IdString,
}

/// Which limits a full sensor record gives. IPMI v2.0 §43.1, byte 31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AnalogCharacteristics {
    /// `normal_min` is given.
    pub normal_min: bool,
    /// `normal_max` is given.
    pub normal_max: bool,
    /// `nominal_reading` is given.
    pub nominal_reading: bool,
}

impl FullSensor {
    /// The value of the reading `raw`: see [`Factors::value`].
    #[must_use]
    pub fn value(&self, raw: u8) -> Option<f64> {
        self.factors.value(raw, self.sensor.units.analog_format)
    }

    /// The reading nearest to `value`: see [`Factors::raw`].
    #[must_use]
    pub fn raw(&self, value: f64) -> u8 {
        self.factors.raw(value, self.sensor.units.analog_format)
    }

    /// The hysteresis of thresholds that are exceeded upwards, as a value. `None` if there is none,
    /// if it is not known (FFh, as ipmitool reads it), or if the sensor is not linear.
    #[must_use]
    pub fn positive_hysteresis_value(&self) -> Option<f64> {
        self.hysteresis(self.positive_hysteresis)
    }

    /// The hysteresis of thresholds that are exceeded downwards, as a value: as
    /// [`positive_hysteresis_value`](Self::positive_hysteresis_value).
    #[must_use]
    pub fn negative_hysteresis_value(&self) -> Option<f64> {
        self.hysteresis(self.negative_hysteresis)
    }

    /// A hysteresis in raw counts, such as Get Sensor Hysteresis gives, as a value.
    #[must_use]
    pub fn hysteresis(&self, counts: u8) -> Option<f64> {
        let known = !matches!(counts, 0 | 0xff);
        let value = self.factors.difference(counts, self.sensor.units.analog_format);
        value.filter(|_| known).map(f64::abs)
    }
}

impl Body for FullSensor {
    const TYPE: u8 = RecordHeader::FULL_SENSOR;

    fn encode_body(&self, out: &mut Vec<u8>) {
        self.sensor.encode(out);
        self.factors.encode(out);
        let analog = self.analog;
        out.extend([
            u8::from(analog.nominal_reading)
                | (u8::from(analog.normal_max) << 1)
                | (u8::from(analog.normal_min) << 2),
            self.nominal_reading,
            self.normal_max,
            self.normal_min,
            self.sensor_max,
            self.sensor_min,
        ]);
        out.extend(self.thresholds.to_record());
        out.extend([self.positive_hysteresis, self.negative_hysteresis, 0, 0, self.oem]);
        self.id.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let sensor = SensorCommon::decode(r)?;
        let factors = Factors::decode(r)?;
        let analog = r.u8("analog characteristic flags")?;
        let nominal_reading = r.u8("nominal reading")?;
        let normal_max = r.u8("normal maximum")?;
        let normal_min = r.u8("normal minimum")?;
        let sensor_max = r.u8("sensor maximum reading")?;
        let sensor_min = r.u8("sensor minimum reading")?;
        let thresholds = RawThresholds::from_record(r.array("thresholds")?);
        let positive_hysteresis = r.u8("positive-going hysteresis")?;
        let negative_hysteresis = r.u8("negative-going hysteresis")?;
        let [_, _, oem] = r.array("reserved, OEM")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            sensor,
            factors,
            analog: AnalogCharacteristics {
                normal_min: analog & 4 != 0,
                normal_max: analog & 2 != 0,
                nominal_reading: analog & 1 != 0,
            },
            nominal_reading,
            normal_max,
            normal_min,
            sensor_max,
            sensor_min,
            thresholds,
            positive_hysteresis,
            negative_hysteresis,
            oem,
            id: IdString::decode(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::sdr::{
        AnalogFormat, EntityId, EventControl, EventReadingType, Record, SensorKey, SensorType,
        ThresholdKind, ThresholdMask, UnitCode,
    };

    use super::*;

    /// "CPU Temp": the body is that of gebn/bmc's test of full sensor records, by its looks a real
    /// board's; the header is ours.
    const CPU_TEMP: [u8; 56] = [
        0x04, 0x00, 0x51, 0x01, 0x33, 0x20, 0x00, 0x01, 0x03, 0x01, 0x7f, 0x68, 0x01, 0x01, 0x00,
        0x72, 0x00, 0x72, 0x3f, 0x3f, 0x80, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x07, 0x28, 0x59, 0xfc, 0x7f, 0x80, 0x64, 0x64, 0x5f, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
        0x00, 0x00, 0xc8, 0x43, 0x50, 0x55, 0x20, 0x54, 0x65, 0x6d, 0x70,
    ];

    fn cpu_temp() -> FullSensor {
        let Record::Full(full) = Record::decode(&CPU_TEMP).unwrap() else { panic!("not full") };
        full
    }

    #[test]
    fn a_real_record_is_read_and_written() {
        let full = cpu_temp();
        let sensor = &full.sensor;
        assert_eq!((full.record_id, full.version), (4, 0x51));
        assert_eq!(sensor.key, SensorKey::bmc(1));
        assert_eq!(sensor.entity, EntityId::new(3, 1));
        assert_eq!(sensor.sensor_type, SensorType::TEMPERATURE);
        assert_eq!(sensor.event_type, EventReadingType::THRESHOLD);
        assert_eq!(sensor.units.analog_format, AnalogFormat::TwosComplement);
        assert_eq!(sensor.units.base, UnitCode::DEGREES_C);
        assert_eq!(sensor.readable_thresholds(), ThresholdMask::ALL);
        assert_eq!(sensor.settable_thresholds(), ThresholdMask::ALL);
        assert_eq!(sensor.reported_thresholds(), ThresholdMask::ALL);
        assert_eq!(sensor.event_control(), EventControl::PerState);
        assert!(!sensor.is_settable() && sensor.auto_rearms() && !sensor.ignored_if_absent());
        assert_eq!(full.factors, Factors::IDENTITY);
        assert_eq!(full.id.text(), "CPU Temp");
        assert_eq!(Record::Full(full).to_bytes(), CPU_TEMP);
    }

    #[test]
    fn its_raw_fields_are_values() {
        let full = cpu_temp();
        assert_eq!(full.value(full.nominal_reading), Some(40.0));
        assert_eq!(full.value(full.normal_max), Some(89.0));
        assert_eq!(full.value(full.normal_min), Some(-4.0));
        assert_eq!(full.value(full.sensor_min), Some(-128.0));
        assert_eq!(full.value(full.thresholds.get(ThresholdKind::UpperNonCritical)), Some(95.0));
        assert_eq!(full.value(full.thresholds.get(ThresholdKind::UpperCritical)), Some(100.0));
        assert_eq!(full.raw(-4.2), 0xfc);
        assert_eq!(full.positive_hysteresis_value(), Some(2.0));
        assert_eq!((full.hysteresis(0), full.hysteresis(0xff)), (None, None));
    }

    #[test]
    fn a_body_without_its_fixed_part_is_an_error() {
        for length in 0..=CPU_TEMP.len() - RecordHeader::LEN {
            let mut bytes = CPU_TEMP[..RecordHeader::LEN + length].to_vec();
            bytes[4] = u8::try_from(length).unwrap();
            // 42 bytes are fixed, then the name begins, which may be short or missing.
            assert_eq!(Record::decode(&bytes).is_ok(), length >= 42, "{length}");
        }
    }

    #[test]
    fn the_field_that_was_cut_is_named() {
        let mut bytes = CPU_TEMP[..5 + 33].to_vec();
        bytes[4] = 33;
        let err = Record::decode(&bytes).unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "thresholds", missing: 4 });
    }
}
