//! Registers of sixteen words of 16 bits, or of eight of 32: what the kernels do with them.

use std::arch::x86_64::{
    __m128i, __m256i, _mm256_add_epi16, _mm256_add_epi32, _mm256_and_si256, _mm256_cmpeq_epi16, _mm256_cmpeq_epi32,
    _mm256_cmpgt_epi16, _mm256_cmpgt_epi32, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_srli_epi16, _mm256_srli_epi32, _mm256_sub_epi16, _mm256_sub_epi32,
};

use super::group::LANES;

/// Words of 16 bits.
pub(super) const SHORT: u32 = 16;
/// Words of 32 bits.
pub(super) const LONG: u32 = 32;

/// Sixteen bytes in a register.
#[inline]
#[expect(unsafe_code, reason = "reads a register as an array")]
pub(super) fn loaded(bytes: [u8; LANES]) -> __m128i {
    // SAFETY: both sides are 16 bytes long, and any bits are a value of either.
    unsafe { std::mem::transmute(bytes) }
}

/// The bytes of a register.
#[inline]
#[expect(unsafe_code, reason = "reads a register as an array")]
pub(super) fn bytes(register: __m128i) -> [u8; LANES] {
    // SAFETY: both sides are 16 bytes long, and any bits are a value of either.
    unsafe { std::mem::transmute(register) }
}

/// One number a text in words of 16 bits.
#[inline]
#[expect(unsafe_code, reason = "reads a register as an array")]
pub(super) fn short(numbers: [u32; LANES]) -> __m256i {
    // SAFETY: both sides are 32 bytes long, and any bits are a value of either.
    unsafe { std::mem::transmute(numbers.map(|number| number as u16)) }
}

/// One number a text in words of 32 bits.
#[inline]
#[expect(unsafe_code, reason = "reads a register as an array")]
pub(super) fn long(numbers: [u32; LANES]) -> [__m256i; 2] {
    // SAFETY: both sides are 64 bytes long, and any bits are a value of either.
    unsafe { std::mem::transmute(numbers) }
}

/// The numbers in words of 16 bits.
#[inline]
#[expect(unsafe_code, reason = "reads a register as an array")]
pub(super) fn short_numbers(words: __m256i) -> [u32; LANES] {
    // SAFETY: both sides are 32 bytes long, and any bits are a value of either.
    let numbers: [u16; LANES] = unsafe { std::mem::transmute(words) };
    numbers.map(u32::from)
}

/// The numbers in words of 32 bits.
#[inline]
#[expect(unsafe_code, reason = "reads a register as an array")]
pub(super) fn long_numbers(words: [__m256i; 2]) -> [u32; LANES] {
    // SAFETY: both sides are 64 bytes long, and any bits are a value of either.
    unsafe { std::mem::transmute(words) }
}

/// One number in all words.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn all<const BITS: u32>(number: u32) -> __m256i {
    if BITS == SHORT { _mm256_set1_epi16(number as i16) } else { _mm256_set1_epi32(number.cast_signed()) }
}

/// Sums, as if there were no bits beyond the word.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn plus<const BITS: u32>(a: __m256i, b: __m256i) -> __m256i {
    if BITS == SHORT { _mm256_add_epi16(a, b) } else { _mm256_add_epi32(a, b) }
}

/// Differences, as if there were no bits beyond the word.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn minus<const BITS: u32>(a: __m256i, b: __m256i) -> __m256i {
    if BITS == SHORT { _mm256_sub_epi16(a, b) } else { _mm256_sub_epi32(a, b) }
}

/// All bits of the words that are equal, none of the others.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn equal<const BITS: u32>(a: __m256i, b: __m256i) -> __m256i {
    if BITS == SHORT { _mm256_cmpeq_epi16(a, b) } else { _mm256_cmpeq_epi32(a, b) }
}

/// All bits of the words that are greater, none of the others.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn greater<const BITS: u32>(a: __m256i, b: __m256i) -> __m256i {
    if BITS == SHORT { _mm256_cmpgt_epi16(a, b) } else { _mm256_cmpgt_epi32(a, b) }
}

/// The words without their lowest place, all others one lower.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn halved<const BITS: u32>(words: __m256i) -> __m256i {
    if BITS == SHORT { _mm256_srli_epi16::<1>(words) } else { _mm256_srli_epi32::<1>(words) }
}

/// The lowest bit of each word.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn lowest<const BITS: u32>(words: __m256i) -> __m256i {
    _mm256_and_si256(words, minus::<BITS>(_mm256_setzero_si256(), words))
}
