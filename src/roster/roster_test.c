/* Recognising and decoding lists: headers, kinds, columns, rows. Differences: difference_test.c. */
#include "base/file.h"
#include "roster/decode.h"
#include "tests/test.h"

static const Catalogue *campaign(Context *cx) {
  Catalogue *catalogue = NULL;
  CHECK_OK(catalogue_load(cx, SOURCE_ROOT "/campaign/longsheng-2020", &catalogue));
  return catalogue;
}

typedef struct Read { /* a CSV, recognised and decoded */
  const Catalogue *catalogue;
  Workbook book;
  Layout layout;
  Guess guess;
  Str list; /* code, "" cannot tell */
  DecodedRow rows[64];
  uint32_t count;
} Read;

static Status keep_row(Context *cx, void *user, const DecodedRow *row) {
  Read *read = user;
  if (read->count == COUNT_OF(read->rows)) return OK;
  DecodedRow *kept = &read->rows[read->count++];
  *kept = *row;
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++) kept->value[i] = str_copy(cx->arena, row->value[i]);
  return OK;
}

static void recognise(Context *cx, Read *read, const char *csv, const char *name, Json *mapping) {
  read->catalogue = campaign(cx);
  CHECK_OK(workbook_read(cx, str_from(csv), str_from(name), &SHEET_LIMITS, &read->book));
  CHECK_OK(layout_recognise(cx, read->catalogue, &read->book, 0, mapping, &read->layout));
  read->guess = layout_guess_list(cx, read->catalogue, &read->layout, STR_EMPTY, str_from(name));
  read->list = read->guess.list == NO_INDEX ? STR_EMPTY : read->catalogue->lists[read->guess.list].code;
}

static Read *read_as(Context *cx, const char *csv, const char *name, const char *list) {
  Read *read = arena_one(cx->arena, Read);
  recognise(cx, read, csv, name, NULL);
  uint32_t index = list ? catalogue_list(read->catalogue, str_from(list)) : read->guess.list;
  CHECK(index != NO_INDEX);
  if (index == NO_INDEX) return read;
  CHECK_OK(
      decode_sheet(cx, read->catalogue, &read->catalogue->lists[index], &read->book, &read->layout, keep_row, read));
  return read;
}
static Read *read_csv(Context *cx, const char *csv, const char *name) { return read_as(cx, csv, name, NULL); }

/* "title header data data total": the roles in order. */
static Str roles(Context *cx, const Read *read) {
  Buf buf = buf_new(cx->arena);
  for (uint32_t i = 0; i < read->count; i++) buf_addf(&buf, "%s%s", i ? " " : "", row_role_code(read->rows[i].role));
  return buf_str(&buf);
}

static Str column_code(const Read *read, uint32_t column) {
  uint32_t found = column < read->layout.column_count ? read->layout.column[column] : NO_INDEX;
  return found == NO_INDEX ? STR_EMPTY : read->catalogue->columns[found].code;
}

static Str columns(Context *cx, const Read *read) {
  Buf buf = buf_new(cx->arena);
  for (uint32_t i = 0; i < read->layout.column_count; i++)
    buf_addf(&buf, "%s" STR_FMT, i ? " " : "", STR_ARG(column_code(read, i).size ? column_code(read, i) : STR("-")));
  return buf_str(&buf);
}

static Str value_of(const Read *read, uint32_t row, const char *column) {
  return read->rows[row].value[catalogue_column(read->catalogue, str_from(column))];
}

static Str flags(Context *cx, const Read *read, uint32_t row) {
  Buf buf = buf_new(cx->arena);
  for (uint32_t i = 0; i < read->rows[row].flag_count; i++)
    buf_addf(&buf, "%s%s", i ? " " : "", flag_code(read->rows[row].flags[i].kind));
  return buf_str(&buf);
}

/* ---- headers ---- */
TEST(headers_are_compared_without_numbering_blanks_brackets_and_width) {
  static const struct {
    const char *written, *normal;
  } cases[] = {{"1.乡镇", "乡镇"},
               {"（2）行政村", "行政村"},
               {"③户主姓名", "户主姓名"},
               {"四、证件号码", "证件号码"},
               {"5、户编号", "户编号"},
               {"姓    名", "姓名"},
               {"身份证\n号码", "身份证号码"},
               {"乡（镇）", "乡镇"},
               {"ａａｃ３１８", "AAC318"},
               {"*姓名：", "姓名"},
               {"户/主", "户主"},
               {"一", "一"},
               {"12", "12"},
               {"（一）", "一"},
               {"", ""},
               {"十一组", "十一组"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++)
    CHECK_STR(header_normalise(cx->arena, str_from(cases[i].written)), str_from(cases[i].normal));
}

TEST(headers_are_known_with_units_and_with_remarks_in_brackets) {
  const Catalogue *catalogue = campaign(cx);
  static const struct {
    const char *header, *code;
  } cases[] = {{"住房面积（平米）", "area"},  {"改造后面积㎡", "area"},
               {"保障方式（打√）", "mode"},   {"工程进度（0未开始 1开工 2主体完工 3竣工）", "progress"},
               {"家庭人口（人）", "size"},    {"县(市、区、旗)", "county"},
               {"检测对象类别", "attr"},      {"sfwfh", "danger"},
               {"户口本号(户编号)", "hh_no"}, {"残疾级别/等级", "disability_grade"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    uint32_t column = catalogue_header(catalogue, cx->arena, str_from(cases[i].header));
    CHECK(column != NO_INDEX);
    if (column != NO_INDEX) CHECK_STR(catalogue->columns[column].code, str_from(cases[i].code));
  }
  CHECK(catalogue_header(catalogue, cx->arena, STR("监护人联系电话号码")) == NO_INDEX);
  CHECK(catalogue_header(catalogue, cx->arena, STR_EMPTY) == NO_INDEX);
}

TEST(a_header_on_the_first_row_and_below_titles_and_form_lines_is_found) {
  Read *plain = read_csv(
      cx, "乡镇,村,户主姓名,身份证号,危改年度,改造方式\n三门镇,花坪村,张才田,45039919681021183X,2019,重建\n", "a.csv");
  CHECK_INT(plain->layout.first_header, 0);
  CHECK_INT(plain->layout.header_rows, 1);
  CHECK_STR(plain->layout.title, STR_EMPTY);
  Read *titled = read_csv(cx,
                          "附件2,,,\n农村危房改造台账,,,\n填报单位：县住建局,,填报日期：,2020年2月\n"
                          "序号,户主姓名,身份证号,危改年度\n1,张才田,45039919681021183X,2019\n",
                          "a.csv");
  CHECK_INT(titled->layout.first_header, 3);
  CHECK_INT(titled->layout.header_rows, 1);
  CHECK(str_find(titled->layout.title, STR("农村危房改造台账")) >= 0);
  CHECK_STR(roles(cx, titled), STR("title title title header data"));
}

TEST(a_two_row_header_is_read_level_by_level) {
  Read *read = read_csv(cx,
                        "序号,户主,,住址,,安置,,是否交钥匙\n,姓名,身份证号,乡镇,行政村,方式,地点,\n"
                        "1,张才田,45039919681021183X,三门镇,花坪村,集中安置,城北,是\n",
                        "a.csv");
  CHECK_INT(read->layout.header_rows, 2);
  CHECK_STR(columns(cx, read),
            STR("seq head_name head_id town village resettlement_mode resettlement_site keys_handed"));
  CHECK_STR(read->layout.header[1], STR("户主/姓名"));
  CHECK_STR(roles(cx, read), STR("header header data"));
}

TEST(a_three_row_header_is_read_level_by_level) {
  Read *read = read_csv(cx,
                        "序号,家庭基本情况,,,脱贫情况,\n,姓名,证件,,是否脱贫,脱贫年度\n,,类型,号码,,\n"
                        "1,张才田,身份证,45039919681021183X,是,2018\n",
                        "贫困人口.csv");
  CHECK_INT(read->layout.header_rows, 3);
  CHECK_STR(column_code(read, 1), STR("name"));
  CHECK_STR(column_code(read, 3), STR("id_no"));
  CHECK_STR(roles(cx, read), STR("header header header data"));
}

TEST(rows_of_column_numbers_or_field_codes_under_the_header_are_no_data) {
  static const char *const under[] = {"1,2,3,4,5", "甲,乙,丙,丁,戊", "(1),(2),(3),(4),(5)=(3)+(4)",
                                      "xm,sfzh,wfnd,gzfs,bz", "①,②,③,④,⑤"};
  for (size_t i = 0; i < COUNT_OF(under); i++) {
    Str csv = str_format(cx->arena, "户主,身份证号,危改年度,改造方式,备注\n%s\n张才田,45039919681021183X,2019,重建,\n",
                         under[i]);
    CHECK_STR(roles(cx, read_csv(cx, str_c(cx->arena, csv), "a.csv")), STR("header header data"));
  }
}

TEST(columns_headed_by_the_ways_to_be_ticked_give_the_way) {
  Read *read = read_csv(cx,
                        "户主姓名,所在村,人口,住房保障方式,,,\n,,,改造安全,鉴定安全,易地搬迁,租住借住\n"
                        "张才田,花坪村,3,,√,,\n唐桂英,花坪村,2,,,是,\n",
                        "三门镇反馈.csv");
  CHECK_STR(roles(cx, read), STR("header header data data"));
  CHECK_STR(value_of(read, 2, "mode"), STR("鉴定安全"));
  CHECK_STR(value_of(read, 3, "mode"), STR("易地搬迁"));
}

/* ---- kinds ---- */
TEST(each_kind_of_list_is_recognised_by_its_columns_alone) {
  static const struct {
    const char *list, *csv;
  } cases[] = {
      {"register",
       "乡镇,村,户编号,姓名,证件号码,与户主关系,脱贫年度\n三门镇,花坪村,1,张才田,45039919681021183X,户主,2018\n"},
      {"relocated", "户主姓名,身份证号,安置方式,安置点名称\n张才田,45039919681021183X,集中安置,城北\n"},
      {"renovated", "户主姓名,身份证号,贫困户类别,危房等级,危改年度\n张才田,45039919681021183X,低保户,C级,2018\n"},
      {"appraised",
       "产权人,身份证号,房屋结构,建成年份,鉴定等级,鉴定单位\n张才田,45039919681021183X,砖混,1998,B级,某公司\n"},
      {"civil", "姓名,身份证号,邮局账号,家庭人口,低保类别\n张才田,45039919681021183X,605,3,A类\n"},
      {"civil", "姓名,身份证号,供养方式,护理标准\n张才田,45039919681021183X,散住,全自理\n"},
      {"disabled", "姓名,残疾人证号,生活补贴,护理补贴\n张才田,45039919681021183X43,50,50\n"},
      {"town_feedback",
       "村,户主姓名,身份证号,住房保障方式,房屋等级\n花坪村,张才田,45039919681021183X,自建,A级\n"
       "花坪村,张才,450399196810211830,自建,A级\n大地村,张田,45039919681021184X,自建,A级\n"},
      {"feedback",
       "户编号,县,乡镇,村,户主姓名,身份证号,家庭人口,住房保障方式\n1,龙胜县,三门镇,花坪村,张才田,45039919681021183X,3,"
       "自建\n"
       "2,龙胜县,平等镇,平等村,张才,450399196810211830,3,自建\n"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    Read *read = arena_one(cx->arena, Read);
    recognise(cx, read, cases[i].csv, "1.csv", NULL);
    CHECK_STR(read->list, str_from(cases[i].list));
  }
}

TEST(the_title_tells_kinds_apart_that_share_their_columns) {
  static const struct {
    const char *title, *list;
  } cases[] = {{"桂林市指挥部反馈疑点名单", "feedback"},
               {"区住建厅下发数据", "feedback"},
               {"三门镇住房安全保障核实表", "town_feedback"},
               {"三门镇人民政府反馈住房情况", "town_feedback"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    Read *read = arena_one(cx->arena, Read);
    Str csv = str_format(cx->arena, "%s,,,\n户编号,户主姓名,身份证号,保障方式\n1,张才田,45039919681021183X,自建\n",
                         cases[i].title);
    recognise(cx, read, str_c(cx->arena, csv), "1.csv", NULL);
    CHECK_STR(read->list, str_from(cases[i].list));
  }
}

TEST(a_civil_list_with_a_disability_column_and_a_township_s_renovation_list_keep_their_kind) {
  Read *civil = arena_one(cx->arena, Read), *renovated = arena_one(cx->arena, Read);
  recognise(cx, civil, "民政救助对象,,,,\n姓名,身份证号,救助类型,残疾类别,残疾等级\n张才田,45039919681021183X,低保,,\n",
            "1.csv", NULL);
  CHECK_STR(civil->list, STR("civil"));
  recognise(cx, renovated,
            "三门镇2018年危房改造台账,,,\n填报单位：三门镇人民政府,,,\n户主,身份证号,改造方式,村\n"
            "张才田,45039919681021183X,重建,花坪村\n张才,450399196810211830,重建,大地村\n",
            "1.csv", NULL);
  CHECK_STR(renovated->list, STR("renovated"));
}

TEST(a_list_that_says_nothing_of_its_kind_is_not_guessed) {
  Read *read = arena_one(cx->arena, Read);
  recognise(cx, read, "姓名,身份证号,联系电话\n张才田,45039919681021183X,13877351234\n", "1.csv", NULL);
  CHECK_STR(read->list, STR_EMPTY);
  recognise(cx, read, "物资,数量,单价\n水泥,30,400\n", "危改.csv", NULL);
  CHECK(read->layout.mapped < 2);
}

/* ---- content ---- */
TEST(a_list_without_a_header_is_read_by_its_content) {
  Read *read = read_csv(cx,
                        "1,三门镇,花坪村,张才田,450399196810211838\n2,三门镇,大地村,唐桂英,450399193603181249\n"
                        "3,三门镇,大地村,石玉兰,450399194711030025\n",
                        "残疾人.csv");
  CHECK_INT(read->layout.header_rows, 0);
  CHECK_STR(column_code(read, 1), STR("town"));
  CHECK_STR(column_code(read, 2), STR("village"));
  CHECK_STR(column_code(read, 3), STR("name"));
  CHECK_STR(column_code(read, 4), STR("id_no"));
  CHECK(read->layout.from_content[3]);
  CHECK_STR(roles(cx, read), STR("data data data"));
}

TEST(headers_that_contradict_their_content_are_overruled) {
  Read *read =
      read_csv(cx, "姓名,身份证号,低保类别\n450399196810211838,张才田,A类\n450399193603181249,唐桂英,A类\n", "a.csv");
  CHECK_STR(value_of(read, 1, "name"), STR("张才田"));
  CHECK_STR(value_of(read, 1, "id_no"), STR("450399196810211838"));
}

TEST(an_unknown_header_is_taken_by_content_but_not_if_it_speaks_of_others) {
  Read *read = read_csv(
      cx,
      "帮扶干部,受益者,监护人身份证,受益者号码,低保类别\n王五,张才田,450399197001010015,450399196810211838,A类\n"
      "王六,唐桂英,450399197001010015,450399193603181249,A类\n王七,石玉兰,450399197001010015,450399194711030025,B类\n",
      "a.csv");
  CHECK_STR(value_of(read, 1, "name"), STR("张才田"));
  CHECK_STR(value_of(read, 1, "id_no"), STR("450399196810211838"));
}

/* ---- mapping ---- */
TEST(a_mapping_names_columns_by_letter_and_by_header) {
  Json *mapping = NULL;
  Read *read = arena_one(cx->arena, Read);
  CHECK_OK(json_parse(cx, STR("{\"header_row\":1,\"columns\":{\"甲方\":\"head_name\",\"B\":\"id_no\",\"备注\":\"\"}}"),
                      &mapping));
  recognise(cx, read, "甲方,乙方,备注,年份\n张才田,x,无,2018\n", "a.csv", mapping);
  CHECK_STR(column_code(read, 0), STR("head_name"));
  CHECK_STR(column_code(read, 1), STR("id_no"));
  CHECK_STR(column_code(read, 2), STR_EMPTY);
}

TEST(a_mapping_may_say_where_the_header_is) {
  Json *mapping = NULL;
  Read *read = arena_one(cx->arena, Read);
  CHECK_OK(json_parse(cx, STR("{\"header_row\":2,\"columns\":{\"甲\":\"name\"}}"), &mapping));
  recognise(cx, read, "姓名,性别,身份证号\n甲,乙,丙\n张才田,男,450399196810211838\n", "a.csv", mapping);
  CHECK_INT(read->layout.first_header, 1);
  CHECK_STR(column_code(read, 0), STR("name"));
}

TEST(a_mapping_that_names_what_is_not_there_says_so) {
  static const struct {
    const char *mapping, *named;
  } cases[] = {{"{\"columns\":{\"没有这列\":\"name\"}}", "没有这列"},
               {"{\"columns\":{\"姓名\":\"nonsense\"}}", "nonsense"},
               {"{\"header_row\":9}", "9"},
               {"{\"header_row\":1,\"header_rows\":7}", "header_rows"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    Json *mapping = NULL;
    Workbook book;
    Layout layout;
    CHECK_OK(json_parse(cx, str_from(cases[i].mapping), &mapping));
    CHECK_OK(workbook_read(cx, STR("姓名,身份证号\n张才田,450399196810211838\n"), STR("a.csv"), &SHEET_LIMITS, &book));
    CHECK_FAILS(BAD_VALUE, layout_recognise(cx, campaign(cx), &book, 0, mapping, &layout));
    CHECK(str_find(cx->error.sentence, str_from(cases[i].named)) >= 0);
  }
}

/* ---- rows ---- */
TEST(totals_notes_sections_and_repeated_headers_are_no_data) {
  Read *read = read_csv(cx,
                        "序号,乡镇,户主姓名,身份证号码,家庭人口,危改年度\n"
                        "三门镇,,,,,\n1,,张才田,450399196810211838,3,2018\n,小计,,1,3,\n"
                        "二、平等镇（1户）,,,,,\n"
                        "序 号,乡镇,户主姓名,身份证\n号码,家庭人口,危改年度\n",
                        "a.csv");
  CHECK_STR(roles(cx, read).size ? str_sub(roles(cx, read), 0, 32) : STR_EMPTY,
            STR("header section data total sectio"));
  CHECK_STR(value_of(read, 2, "town"), STR("三门镇"));
  static const struct {
    const char *row, *role;
  } cases[] = {{"合计,,,,23,", "total"},
               {",总 计,,12户,23,", "total"},
               {"三门镇小计,,5户,,,", "total"},
               {"合计：12户,,,,,", "total"},
               {"填表人：石某,,,审核人：,,联系电话：07737512345", "note"},
               {",负责人签字：,,,填表日期：,", "note"},
               {"填表人,石某,审核人,韦某,,", "note"},
               {"注：1.本表一式三份；2.身份证号码须填18位。,,,,,", "note"},
               {"2.,安置类型,填集中安置或者分散安置；,,,", "note"},
               {",,,,,2020年3月1日", "note"},
               {"（盖章）,,,,,", "note"},
               {"平等镇,,6户,,,", "section"},
               {"序号,乡（镇）,户主 姓名,身份证号码,家庭人口,危改年度", "header"},
               {"2,三门镇,注明华,,3,2018", "data"},
               {"3,三门镇,石小计,,3,2018", "data"},
               {"4,三门镇,,450399193603181249,3,2018", "data"},
               {"5,三门镇,,,3,2018", "data"},
               {",,唐桂英,4503991936,,", "data"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    Str csv = str_format(
        cx->arena, "序号,乡镇,户主姓名,身份证号码,家庭人口,危改年度\n1,三门镇,张才田,450399196810211838,3,2018\n%s\n",
        cases[i].row);
    Read *one = read_csv(cx, str_c(cx->arena, csv), "a.csv");
    CHECK_INT(one->count, 3);
    if (!str_equal(str_from(row_role_code(one->rows[2].role)), str_from(cases[i].role))) printf("# %s\n", cases[i].row);
    CHECK_STR(str_from(row_role_code(one->rows[2].role)), str_from(cases[i].role));
  }
}

TEST(a_section_s_township_goes_before_the_one_of_the_row_above) {
  Read *read = read_csv(cx,
                        "乡镇,户主,身份证号,安置方式,人数\n三门镇,2,,,6\n,张才田,450399196810211838,集中,3\n"
                        ",唐桂英,450399193603181249,集中,3\n平等镇,1,,,3\n,石玉兰,450399194711030025,集中,3\n",
                        "a.csv");
  CHECK_STR(roles(cx, read), STR("header section data data section data"));
  CHECK_STR(value_of(read, 3, "town"), STR("三门镇"));
  CHECK_STR(value_of(read, 5, "town"), STR("平等镇"));
}

TEST(rows_carry_the_number_that_a_person_sees) {
  Read *read = read_csv(cx, "危改台账,,\n\n户主,身份证号,危改年度\n\n张才田,450399196810211838,2018\n", "a.csv");
  CHECK_INT(read->count, 3);
  CHECK_INT(read->rows[1].raw->number, 3);
  CHECK_INT(read->rows[2].raw->number, 5);
}

TEST(household_cells_are_filled_down_to_the_members_and_no_further) {
  Read *read = read_csv(cx,
                        "序号,乡镇,村,户编号,姓名,与户主关系,身份证号,脱贫年度\n"
                        "1,三门镇,花坪村,101,张才田,户主,450399196810211838,2018\n"
                        ",,,,唐桂英,配偶,450399193603181249,\n"
                        "2,平等镇,平等村,102,石玉兰,户主,450399194711030025,2018\n"
                        "3,平等镇,平等村,,韦海明,户主,450399195001010032,2018\n",
                        "a.csv");
  CHECK_STR(value_of(read, 2, "hh_no"), STR("101"));
  CHECK_STR(value_of(read, 2, "village"), STR("花坪村"));
  CHECK(str_find(flags(cx, read, 2), STR("filled_down")) >= 0);
  CHECK_STR(value_of(read, 4, "hh_no"), STR_EMPTY);
}

TEST(members_without_a_relation_belong_to_the_numbered_row_above) {
  Read *read = read_as(cx,
                       "序号,户编号,姓名,身份证号,脱贫年度\n1,101,张才田,450399196810211838,2018\n"
                       ",,唐桂英,450399193603181249,\n2,102,石玉兰,450399194711030025,2018\n",
                       "a.csv", "register");
  CHECK_STR(value_of(read, 2, "hh_no"), STR("101"));
  CHECK_STR(value_of(read, 3, "hh_no"), STR("102"));
}

TEST(the_township_of_the_title_settles_a_village_that_two_townships_have) {
  Read *read = read_csv(cx, "三门镇危房改造台账,,\n户主,村,身份证号\n张才田,花坪村,450399196810211838\n", "a.csv");
  CHECK_STR(read->layout.title_town, STR("三门镇"));
  CHECK(read->layout.single_town);
  Read *two =
      read_csv(cx, "三门镇、平等镇危房改造台账,,\n户主,村,身份证号\n张才田,花坪村,450399196810211838\n", "a.csv");
  CHECK_STR(two->layout.title_town, STR_EMPTY);
}

TEST(a_row_names_the_member_before_the_householder) {
  const Catalogue *catalogue = campaign(cx);
  const uint32_t *known = catalogue->known;
  Str value[COLUMN_LIMIT];
  for (uint32_t i = 0; i < COLUMN_LIMIT; i++) value[i] = STR_EMPTY;
  CHECK(row_person(catalogue, value).name_column == NO_INDEX);
  value[known[COL_HEAD_NAME]] = STR("张才田");
  value[known[COL_HEAD_ID]] = STR("450399196810211838");
  CHECK_INT(row_person(catalogue, value).name_column, known[COL_HEAD_NAME]);
  CHECK_INT(row_person(catalogue, value).id_column, known[COL_HEAD_ID]);
  value[known[COL_NAME]] = STR("唐桂英"); /* another person: the householder's number says nothing */
  CHECK_INT(row_person(catalogue, value).name_column, known[COL_NAME]);
  CHECK(row_person(catalogue, value).id_column == NO_INDEX);
  value[known[COL_DISABILITY_NO]] = STR("45039919360318124943");
  CHECK_INT(row_person(catalogue, value).id_column, known[COL_DISABILITY_NO]);
  value[known[COL_ID_NO]] = STR("450399193603181249");
  CHECK_INT(row_person(catalogue, value).id_column, known[COL_ID_NO]);
}

/* ---- flags ---- */
TEST(what_cannot_be_understood_is_flagged_and_kept) {
  static const struct {
    const char *row, *flag;
  } cases[] = {{"三门镇,花坪村,张才田,450399196810211837,户主,男,3", "id_bad_check"},
               {"三门镇,花坪村,张才田,450399196813211838,户主,男,3", "id_bad_date"},
               {"三门镇,花坪村,张才田,45039919681021183,户主,男,3", "id_length"},
               {"三门镇,花坪村,张才田,4.50399E+17,户主,男,3", "id_rounded"},
               {"三门镇,花坪村,张才田,450399681021183,户主,男,3", "id_15"},
               {"三门镇,花坪村,张才田,,户主,男,3", "id_missing"},
               {"三门镇,花坪村,,450399196810211838,户主,男,3", "name_missing"},
               {"三门镇,花坪村,张?田,450399196810211838,户主,男,3", "name_lost_char"},
               {"三门镇,没有村,张才田,450399196810211838,户主,男,3", "place_unknown"},
               {"三门镇,花坪村,张才田,450399196810211838,邻居的朋友,男,3", "relation_unknown"},
               {"三门镇,花坪村,张才田,450399196810211838,户主,未知道,3", "sex_unknown"},
               {"三门镇,花坪村,张才田,450399196810211838,户主,男,三四个", "size_unreadable"}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    Str csv = str_format(
        cx->arena,
        "乡镇,村,姓名,身份证号码,与户主关系,性别,家庭人口\n三门镇,花坪村,唐桂英,450399193603181249,户主,女,3\n"
        "三门镇,花坪村,石玉兰,450399194711030025,户主,女,3\n%s\n",
        cases[i].row);
    Read *read = read_as(cx, str_c(cx->arena, csv), "a.csv", "register");
    CHECK_INT(read->count, 4);
    CHECK_STR(flags(cx, read, 1), STR_EMPTY);
    CHECK_STR(flags(cx, read, 3), str_from(cases[i].flag));
  }
}

TEST(a_flag_s_sentence_names_file_sheet_row_column_value_and_what_to_do) {
  CHECK_STR(flag_sentence(cx->arena, STR("civil.xlsx"), STR("低保"), 71, STR("C"), STR("身份证号"), STR("4503"),
                          flag_find(STR("id_length"))),
            STR("《civil.xlsx》工作表“低保”第 71 行 C "
                "列（身份证号）“4503”：身份证号码位数不对；应为18位，请对照身份证原件补全。"));
  CHECK_STR(flag_sentence(cx->arena, STR("a.csv"), STR_EMPTY, 2, STR_EMPTY, STR_EMPTY, STR_EMPTY,
                          flag_find(STR("no_identity"))),
            STR("《a.csv》第 2 行：既没有姓名也没有号码，无法比对；请补填姓名和身份证号码。"));
  CHECK_INT(flag_find(STR("none_such")), UINT8_MAX);
  for (uint8_t i = 0; i < flag_kinds(); i++) CHECK_INT(flag_find(str_from(flag_code(i))), i);
}
