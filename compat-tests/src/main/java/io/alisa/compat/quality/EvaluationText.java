package io.alisa.compat.quality;

/** A text with a name for the report. */
record EvaluationText(String name, String content) {
}
