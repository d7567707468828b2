//! SEL
