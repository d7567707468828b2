//! The sensors of a simulated machine, and their records: laid out here by hand, byte by byte, so
//! that our own decoder is judged by something that does not share its mistakes.

/// An analog sensor and its full record. Its value is a function of `(m * raw + b * 10^b_exponent) *
/// 10^r_exponent`.
///
/// Source: IPMI v2.0 §36.3 and §43.1, Table 43-1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sensor {
    /// Sensor number.
    pub number: u8,
    /// ID string, up to 16 characters of Latin-1.
    pub name: String,
    /// Sensor type: 01h temperature, 02h voltage, 04h fan, 0Bh other units.
    pub kind: u8,
    /// Base unit: 1 °C, 4 V, 6 W, 18 RPM.
    pub unit: u8,
    /// Entity ID: 3 processor, 7 system board, 29 fan, 10 power supply, 55 air inlet.
    pub entity: u8,
    /// How readings are numbers.
    pub form: Form,
    /// Linearization, 0 to 11. IPMI v2.0 §43.1, byte 24.
    pub function: u8,
    /// M of the conversion, 10 bits signed.
    pub m: i16,
    /// B of the conversion, 10 bits signed.
    pub b: i16,
    /// K1, the exponent of B, 4 bits signed.
    pub b_exponent: i8,
    /// K2, the exponent of the result, 4 bits signed.
    pub r_exponent: i8,
    /// The raw reading.
    pub raw: u8,
    /// Raw thresholds, from upper non-recoverable, upper critical and upper non-critical down to
    /// lower non-critical, lower critical and lower non-recoverable.
    pub thresholds: [u8; 6],
}

/// How a byte is a number. IPMI v2.0 §43.1, byte 21.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 0 to 255.
    Unsigned,
    /// -127 to 127.
    OnesComplement,
    /// -128 to 127.
    TwosComplement,
}

/// A discrete sensor and its compact record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// Sensor number.
    pub number: u8,
    /// ID string, up to 16 characters of Latin-1.
    pub name: String,
    /// Sensor type.
    pub kind: u8,
    /// Event/reading type: 02h to 0Ch, 6Fh.
    pub event_type: u8,
    /// Entity ID.
    pub entity: u8,
    /// States that are asserted, bit 0 being offset 0.
    pub asserted: u16,
}

/// A temperature of the board whose value is its raw reading.
pub(super) const PLAIN: Sensor = Sensor {
    number: 0,
    name: String::new(),
    kind: 0x01,
    unit: 1,
    entity: 7,
    form: Form::Unsigned,
    function: 0,
    m: 1,
    b: 0,
    b_exponent: 0,
    r_exponent: 0,
    raw: 0,
    thresholds: [0; 6],
};

impl Sensor {
    /// The reading in the sensor's unit: an independent calculation for tests. Not finite where the
    /// function has no value.
    #[must_use]
    pub fn value(&self) -> f64 {
        let x = match self.form {
            Form::Unsigned => f64::from(self.raw),
            Form::OnesComplement if self.raw >= 0x80 => -f64::from(!self.raw),
            _ => f64::from(self.raw.cast_signed()),
        };
        let power = |exponent: i8| 10f64.powi(exponent.into());
        let y = (f64::from(self.m) * x + f64::from(self.b) * power(self.b_exponent))
            * power(self.r_exponent);
        match self.function {
            1 => y.ln(),
            2 => y.log10(),
            3 => y.log2(),
            4 => y.exp(),
            5 => 10f64.powf(y),
            6 => y.exp2(),
            7 => 1.0 / y,
            8 => y * y,
            9 => y * y * y,
            10 => y.sqrt(),
            11 => y.cbrt(),
            _ => y,
        }
    }

    /// The full sensor record, record ID 0 (the simulator numbers its records itself).
    ///
    /// # Panics
    /// If a field is out of its range.
    #[must_use]
    pub fn record(&self) -> Vec<u8> {
        let ten_bits = |value: i16| {
            assert!((-512..512).contains(&value), "{}: {value} needs over 10 bits", self.name);
            let [low, high] = value.to_le_bytes();
            (low, (high & 0x03) << 6)
        };
        let nibble = |value: i8| {
            assert!((-8..8).contains(&value), "{}: {value} needs over 4 bits", self.name);
            value.cast_unsigned() & 0x0f
        };
        let (m_low, m_high) = ten_bits(self.m);
        let (b_low, b_high) = ten_bits(self.b);
        let mut body = vec![0x20, 0x00, self.number, self.entity, 0x01];
        // Initialization: scanning, events, thresholds, hysteresis, type. Capabilities: settable
        // thresholds and hysteresis, per-state events.
        body.extend([0x7f, 0x68, self.kind, 0x01]);
        // Assertion and deassertion masks; all six thresholds can be read and set.
        body.extend([0x95, 0x7a, 0x95, 0x7a, 0x3f, 0x3f]);
        let (form, range) = match self.form {
            Form::Unsigned => (0x00, [0xff, 0x00]),
            Form::OnesComplement => (0x40, [0x7f, 0x80]),
            Form::TwosComplement => (0x80, [0x7f, 0x80]),
        };
        body.extend([form, self.unit, 0x00, self.function]);
        body.extend([m_low, m_high, b_low, b_high]);
        body.extend([0x00, nibble(self.r_exponent) << 4 | nibble(self.b_exponent)]);
        // No nominal values; the sensor's range is all that its reading can say.
        body.extend([0x00, 0x00, 0x00, 0x00]);
        body.extend(range);
        body.extend(self.thresholds);
        body.extend([0x02, 0x02, 0x00, 0x00, 0x00]);
        record(0x01, &body, &self.name)
    }
}

impl Sensor {
    /// The same record, of a sensor of another controller on the primary IPMB.
    ///
    /// # Panics
    /// As [`record`](Self::record).
    #[must_use]
    pub fn record_of(&self, owner: u8) -> Vec<u8> {
        let mut record = self.record();
        record[5] = owner;
        record
    }
}

impl States {
    /// The compact sensor record, record ID 0. IPMI v2.0 §43.2.
    ///
    /// # Panics
    /// If the name is too long.
    #[must_use]
    pub fn record(&self) -> Vec<u8> {
        let mut body = vec![0x20, 0x00, self.number, self.entity, 0x01];
        // Initialization: scanning, events, type. Capabilities: re-arms itself, per-state events.
        body.extend([0x67, 0x40, self.kind, self.event_type]);
        // No events; every state can be read.
        body.extend([0x00, 0x00, 0x00, 0x00, 0xff, 0x7f]);
        // No analogue reading, not shared, no hysteresis, nothing of an OEM's.
        body.extend([0xc0, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]);
        record(0x02, &body, &self.name)
    }
}

/// A record with a name at its end.
///
/// # Panics
/// If the name is longer than 16 characters.
pub(super) fn record(record_type: u8, body: &[u8], name: &str) -> Vec<u8> {
    assert!(name.len() <= 16, "{name}: the ID string is too long");
    let name = [&[0xc0 | u8::try_from(name.len()).expect("at most 16")], name.as_bytes()].concat();
    let length = u8::try_from(body.len() + name.len()).expect("at most 59");
    [&[0x00, 0x00, 0x51, record_type, length], body, &name].concat()
}
