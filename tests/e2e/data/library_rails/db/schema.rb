ActiveRecord::Schema[7.1].define(version: 2026_01_01_000000) do
  create_table "members", force: :cascade do |t|
    t.string "card_number", null: false
    t.string "name", null: false
    t.index ["card_number"], name: "index_members_on_card_number", unique: true
  end

  create_table "loans", force: :cascade do |t|
    t.bigint "member_id", null: false
    t.string "title"
    t.date "due_on"
  end

  add_foreign_key "loans", "members"
end
