/* CSV out. */
#include "sheet/sheet.h"

void csv_add_field(Buf *buf, Str text, bool escape_formulas) {
  bool guard = escape_formulas && text.size && strchr("=+-@\t\r", text.data[0]) && text.data[0];
  bool quote = false;
  for (size_t i = 0; i < text.size && !quote; i++) quote = text.data[i] && strchr(",\"\r\n", text.data[i]);
  if (quote) buf_add_byte(buf, '"');
  if (guard) buf_add_byte(buf, '\'');
  if (!quote) {
    buf_add(buf, text);
    return;
  }
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '"') buf_add_byte(buf, '"');
    buf_add_byte(buf, text.data[i]);
  }
  buf_add_byte(buf, '"');
}

void csv_add_row(Buf *buf, const Str *fields, uint32_t count, bool escape_formulas) {
  for (uint32_t i = 0; i < count; i++) {
    if (i) buf_add_byte(buf, ',');
    csv_add_field(buf, fields[i], escape_formulas);
  }
  buf_add_byte(buf, '\n');
}
