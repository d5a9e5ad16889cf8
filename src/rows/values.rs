//! Single generated values: of a type, in the manner that a column's name suggests.

use bigdecimal::BigDecimal;

use crate::data::{Type, Value};

/// Random numbers that depend on nothing but where they are used: the same seed, column and row give the same ones.
#[derive(Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64, column: u64, row: u64, attempt: u64) -> Self {
        let mut dice = Self(seed);
        for part in [column, row, attempt] {
            dice.0 = dice.0.wrapping_add(part.wrapping_mul(0xd134_2543_de82_ef95)).rotate_left(17);
            dice.0 = dice.next();
        }
        dice
    }

    /// The next number, by splitmix64.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap_or(0)]
    }
}

const FIRST: &[&str] = &[
    "Alice", "Bob", "Chloé", "Dinesh", "Emma", "Farid", "Greta", "Hiroshi", "Ines", "José", "Katja", "Liam",
    "Mary Ann", "Noor", "Olga", "Paul", "Quinn", "Rosa", "Søren", "Tariq", "Uma", "Victor", "Wei", "Ximena", "Yara",
    "Zoë",
];
const LAST: &[&str] = &[
    "Adams",
    "Brown",
    "Costa",
    "van Dyk",
    "Eriksson",
    "Fischer",
    "García",
    "Haddad",
    "Ito",
    "Jensen",
    "Kowalski",
    "Lee",
    "Müller",
    "Nguyen",
    "O'Brien",
    "Patel",
    "Rossi",
    "Smith",
    "Tanaka",
    "de la Cruz",
    "Walker",
    "Yilmaz",
    "Zhang",
];
const CITIES: &[&str] =
    &["Amsterdam", "Berlin", "Bogotá", "Cairo", "Delhi", "Lagos", "Lima", "London", "Oslo", "Paris", "Tokyo", "Zürich"];
const COUNTRIES: &[&str] = &["BR", "DE", "EG", "FR", "GB", "IN", "JP", "NG", "NL", "NO", "PE", "US"];
const STATUS: &[&str] = &["active", "closed", "new", "open", "pending"];
const WORDS: &[&str] = &[
    "amber", "basket", "cedar", "delta", "ember", "fable", "garden", "harbor", "island", "jasper", "kettle", "lantern",
    "meadow", "nectar", "orchard", "pebble", "quartz", "river", "saddle", "timber", "umber", "velvet", "willow",
    "zephyr",
];

/// What the texts of a column look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Email,
    Username,
    FirstName,
    LastName,
    FullName,
    City,
    Country,
    Phone,
    Status,
    Url,
    Sentence,
    Word,
}

impl Manner {
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        match () {
            () if has(&["email", "e_mail"]) => Self::Email,
            () if has(&["first_name", "firstname", "given_name"]) => Self::FirstName,
            () if has(&["last_name", "lastname", "surname", "family_name"]) => Self::LastName,
            () if has(&["username", "user_name", "login", "handle", "nick"]) => Self::Username,
            () if has(&["full_name", "fullname", "display_name"]) || name == "name" => Self::FullName,
            () if has(&["city", "town"]) => Self::City,
            () if has(&["country"]) => Self::Country,
            () if has(&["phone", "mobile"]) => Self::Phone,
            () if has(&["status", "state"]) => Self::Status,
            () if has(&["url", "website", "link"]) => Self::Url,
            () if has(&["bio", "description", "note", "comment", "body", "text", "title"]) => Self::Sentence,
            () => Self::Word,
        }
    }

    /// A text; with `number`, one that no other number gives.
    pub(super) fn text(self, dice: &mut Dice, number: Option<u64>, out: &mut String) {
        out.clear();
        match self {
            Self::Email => {
                Self::login(dice, number, out);
                out.push_str(dice.pick(&["@example.com", "@example.net", "@example.org"]));
                return;
            }
            Self::Username => return Self::login(dice, number, out),
            Self::FirstName => out.push_str(dice.pick(FIRST)),
            Self::LastName => out.push_str(dice.pick(LAST)),
            Self::FullName => {
                out.push_str(dice.pick(FIRST));
                out.push(' ');
                out.push_str(dice.pick(LAST));
            }
            Self::City => out.push_str(dice.pick(CITIES)),
            Self::Country => out.push_str(dice.pick(COUNTRIES)),
            Self::Phone => push(out, format_args!("+{:02} {:09}", 20 + dice.below(79), dice.below(1_000_000_000))),
            Self::Status => out.push_str(dice.pick(STATUS)),
            Self::Url => push(out, format_args!("https://example.com/{}", dice.pick(WORDS))),
            Self::Sentence => {
                for word in 0..3 + dice.below(5) {
                    out.push_str(if word == 0 { "" } else { " " });
                    out.push_str(dice.pick(WORDS));
                }
            }
            Self::Word => out.push_str(dice.pick(WORDS)),
        }
        if let Some(number) = number {
            push(out, format_args!(" {number}"));
        }
    }

    fn login(dice: &mut Dice, number: Option<u64>, out: &mut String) {
        let first =
            dice.pick(FIRST).chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase());
        out.extend(first);
        match number {
            Some(number) => push(out, format_args!("{number}")),
            None => push(out, format_args!("{}", dice.below(10_000))),
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = std::fmt::Write::write_fmt(out, text);
}

/// Days and microseconds since 2000 of the dates generated: 2020 to 2025.
const FIRST_DAY: i32 = 7_305;
const DAYS: u64 = 2_190;
const DAY_MICROS: i64 = 86_400_000_000;

/// A value of a type that is not text.
pub(super) fn scalar(ty: Type, column: &str, dice: &mut Dice) -> Value {
    let small = small_bound(column);
    let narrow = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
    match ty {
        Type::Boolean => Value::Boolean(dice.below(2) == 1),
        Type::SmallInt => Value::SmallInt(i16::try_from(dice.below(small.min(30_000))).unwrap_or(0)),
        Type::Integer => Value::Integer(narrow(dice.below(small))),
        Type::BigInt => Value::BigInt(i64::from(narrow(dice.below(small)))),
        Type::Numeric(shape) => numeric(shape, small, dice),
        Type::Real => Value::Real(f32::from(u16::try_from(dice.below(10_000)).unwrap_or(0)) / 4.0),
        Type::Double => Value::Double(f64::from(narrow(dice.below(1_000_000))) / 8.0),
        Type::Date => Value::Date(FIRST_DAY + narrow(dice.below(DAYS))),
        Type::Timestamp => Value::Timestamp(moment(dice)),
        Type::TimestampTz => Value::TimestampTz(moment(dice)),
        Type::Uuid => Value::Uuid(uuid(dice)),
        Type::Json => Value::Json(format!("{{\"n\": {}}}", dice.below(1000))),
        Type::Jsonb => Value::Jsonb(serde_json::json!({ "n": dice.below(1000) })),
        Type::Bytea => Value::Bytea(dice.next().to_le_bytes().to_vec()),
        Type::Interval | Type::Unknown | Type::Text | Type::Varchar(_) => Value::Null,
    }
}

fn small_bound(column: &str) -> u64 {
    let is = |part| column.contains(part);
    match () {
        () if is("age") => 100,
        () if is("quantity") || is("count") || is("rating") => 100,
        () if is("price") || is("amount") || is("total") => 10_000,
        () => 1_000_000,
    }
}

fn moment(dice: &mut Dice) -> i64 {
    let day = i64::from(FIRST_DAY) + i64::try_from(dice.below(DAYS)).unwrap_or(0);
    day * DAY_MICROS + i64::try_from(dice.below(86_400)).unwrap_or(0) * 1_000_000
}

/// A random (version 4) identifier.
fn uuid(dice: &mut Dice) -> u128 {
    let bits = (u128::from(dice.next()) << 64) | u128::from(dice.next());
    (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62)
}

fn numeric(shape: Option<(u16, i16)>, small: u64, dice: &mut Dice) -> Value {
    let (precision, scale) = shape.unwrap_or((12, 2));
    let digits = u32::from(precision).min(15);
    let scale_digits = u32::try_from(scale.max(0)).unwrap_or(0);
    let bound = small.saturating_mul(10_u64.pow(scale_digits.min(9))).min(10_u64.pow(digits));
    Value::Numeric(BigDecimal::new(dice.below(bound).into(), i64::from(scale)))
}

/// The `number`-th of distinct values of a type; `None` where the type has not so many.
pub(super) fn distinct(ty: Type, number: u64, dice: &mut Dice) -> Option<Value> {
    Some(match ty {
        Type::SmallInt => Value::SmallInt(i16::try_from(number + 1).ok()?),
        Type::Integer => Value::Integer(i32::try_from(number + 1).ok()?),
        Type::BigInt => Value::BigInt(i64::try_from(number + 1).ok()?),
        Type::Numeric(shape) => {
            let (precision, scale) = shape.unwrap_or((18, 0));
            let fits = number + 1 < 10_u64.checked_pow(u32::from(precision)).unwrap_or(u64::MAX);
            fits.then(|| Value::Numeric(BigDecimal::new((number + 1).into(), i64::from(scale))))?
        }
        Type::Real => Value::Real(f32::from(u16::try_from(number).ok()?)),
        Type::Double => Value::Double(f64::from(u32::try_from(number).ok()?)),
        Type::Boolean => (number < 2).then_some(Value::Boolean(number == 1))?,
        Type::Date => Value::Date(FIRST_DAY + i32::try_from(number).ok().filter(|days| *days < 1_000_000)?),
        Type::Timestamp => {
            Value::Timestamp(i64::from(FIRST_DAY) * DAY_MICROS + i64::try_from(number).ok()? * 1_000_000)
        }
        Type::TimestampTz => {
            Value::TimestampTz(i64::from(FIRST_DAY) * DAY_MICROS + i64::try_from(number).ok()? * 1_000_000)
        }
        Type::Uuid => Value::Uuid((uuid(dice) & !u128::from(u32::MAX)) | u128::from(u32::try_from(number).ok()?)),
        Type::Bytea => Value::Bytea(number.to_be_bytes().to_vec()),
        Type::Json | Type::Jsonb | Type::Interval | Type::Unknown | Type::Text | Type::Varchar(_) => return None,
    })
}
